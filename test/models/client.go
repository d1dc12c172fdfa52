package models

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/fxamacker/cbor/v2"
)

// object is a structure as it travels.
type object = map[string]any

// reply is what the sandbox answered.
type reply struct {
	status  int
	code    string // the error's name; empty: none
	message string
	body    any // decoded; nil if empty
}

// unserved says that the sandbox does not have the operation.
func (r reply) unserved() bool {
	return r.code == "UnknownOperationException" || r.code == "InvalidAction" || (r.status == http.StatusNotFound && r.code == "")
}

func (r reply) ok() bool { return r.status < 300 }

// refusal tells two refusals apart.
func (r reply) refusal() string {
	if r.ok() {
		return ""
	}
	return fmt.Sprintf("%d %s: %s", r.status, r.code, r.message)
}

// caller sends requests that no SDK would, each in the service's own protocol.
type caller struct {
	url string
	service
	model *Model
	// binary says that RPC v2 CBOR is spoken.
	binary bool
}

// call signs and sends a request with an access key.
func (c caller) call(ctx context.Context, accessKey, operation string, input any) (reply, error) {
	req, body, err := c.request(ctx, operation, input)
	if err != nil {
		return reply{}, fmt.Errorf("%s: %w", operation, err)
	}
	sum := sha256.Sum256(body)
	keys := aws.Credentials{AccessKeyID: accessKey, SecretAccessKey: "anything"}
	if err := v4.NewSigner().SignHTTP(ctx, keys, req, hex.EncodeToString(sum[:]), c.scope, "us-east-1", time.Now()); err != nil {
		return reply{}, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return reply{}, fmt.Errorf("%s: read the answer: %w", operation, err)
	}
	return c.read(operation, res, text)
}

func (c caller) request(ctx context.Context, operation string, input any) (*http.Request, []byte, error) {
	path, kind, body := "/", "application/x-amz-json-"+c.json, []byte(nil)
	var err error
	op := c.model.Operations[operation]
	switch {
	case c.binary:
		path, kind = "/service/"+c.target+"/operation/"+operation, "application/cbor"
		encode, _ := cbor.EncOptions{Time: cbor.TimeUnix, TimeTag: cbor.EncTagRequired}.EncMode() // constant options
		body, err = encode.Marshal(input)
	case c.query != "":
		kind = "application/x-www-form-urlencoded"
		form := c.model.form(op, native(input))
		form.Set("Action", operation)
		form.Set("Version", c.query)
		body = []byte(form.Encode())
	default:
		body, err = json.Marshal(native(input))
		if c.json == "" {
			path, kind = op.Path, "application/json"
		}
	}
	if err != nil {
		return nil, nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url+path, bytes.NewReader(body))
	if err != nil {
		return nil, nil, err
	}
	req.Header.Set("Content-Type", kind)
	switch {
	case c.binary:
		req.Header.Set("Smithy-Protocol", "rpc-v2-cbor")
		req.Header.Set("Accept", kind)
	case c.json != "":
		req.Header.Set("X-Amz-Target", c.target+"."+operation)
	}
	return req, body, nil
}

// read decodes an answer in the protocol that was spoken.
func (c caller) read(operation string, res *http.Response, text []byte) (reply, error) {
	r := reply{status: res.StatusCode}
	var err error
	switch {
	case len(text) == 0:
	case c.binary:
		decode, _ := cbor.DecOptions{DefaultMapType: mapType, TimeTagToAny: cbor.TimeTagToTime}.DecMode() // constant options
		err = decode.Unmarshal(text, &r.body)
	case c.query != "":
		r.body, err = c.model.readXML(c.model.Operations[operation], text)
	case strings.Contains(res.Header.Get("Content-Type"), "json"):
		err = json.Unmarshal(text, &r.body)
	}
	if err != nil {
		return r, fmt.Errorf("%s: status %d: %w in %q", operation, res.StatusCode, err, text)
	}
	if !r.ok() {
		r.code = strings.TrimPrefix(res.Header.Get("X-Amzn-ErrorType"), "#")
		members, _ := r.body.(object)
		for _, name := range []string{"Code", "__type", "code"} {
			if v, ok := members[name].(string); ok {
				r.code = v[strings.LastIndexByte(v, '#')+1:]
			}
		}
		for _, name := range []string{"Message", "message"} {
			if v, ok := members[name].(string); ok {
				r.message = v
			}
		}
		if fields, err := json.Marshal(members["fields"]); err == nil && members["fields"] != nil {
			r.message += string(fields)
		}
	}
	return r, nil
}
