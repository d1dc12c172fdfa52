package wire

import (
	"encoding/hex"
	"fmt"

	"github.com/fxamacker/cbor/v2"

	"souk.dev/souk/contract"
)

// The media type and the name of Smithy RPC v2 CBOR, as they stand in the headers of requests and answers.
// Source: https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html
const (
	cborType     = "application/cbor"
	cborProtocol = "rpc-v2-cbor"
)

// Bounds of a CBOR document, beside [maxInput]: no operation's input comes near them.
const (
	maxCBORDepth    = 32
	maxCBORElements = 1 << 14 // of one array or map
)

var (
	cborIn = must(cbor.DecOptions{
		DupMapKey:        cbor.DupMapKeyQuiet, // the last of two equal members counts, as in JSON
		DefaultMapType:   reflectMap,
		IntDec:           cbor.IntDecConvertSignedOrFail,
		BignumTag:        cbor.BignumTagForbidden, // as integers beyond 64 bits are
		MaxNestedLevels:  maxCBORDepth,
		MaxArrayElements: maxCBORElements,
		MaxMapPairs:      maxCBORElements,
	}.DecMode())
	cborOut = must(cbor.EncOptions{
		Sort: cbor.SortBytewiseLexical, // so that answers can be compared to the byte
	}.EncMode())
	cborText = must(cbor.DiagOptions{
		MaxNestedLevels:  maxCBORDepth,
		MaxArrayElements: maxCBORElements,
		MaxMapPairs:      maxCBORElements,
	}.DiagMode())
)

// must is for options that are constants: whether the library takes them does not depend on any input.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// cborTree reads a document of definite or indefinite items. An empty body is an input without members, as the
// protocol has it.
func cborTree(body string) (any, error) {
	if body == "" {
		return map[string]any{}, nil
	}
	var tree any
	if err := cborIn.Unmarshal([]byte(body), &tree); err != nil {
		return nil, &Error{Code: contract.Serialization, Message: "The body is not a CBOR document that can be read: " + err.Error()}
	}
	return tree, nil
}

// writeCBOR encodes what is made of strings, numbers, booleans, [Time]s, lists, maps and structs of these.
func writeCBOR(v any) ([]byte, error) {
	b, err := cborOut.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode %T as CBOR: %w", v, err)
	}
	return b, nil
}

// readable is a body as people can read it: CBOR in diagnostic notation (RFC 8949, section 8), or in hexadecimal
// where it is not CBOR, such as half of an answer.
func readable(p Protocol, body string) string {
	if p != CBOR || body == "" {
		return body
	}
	if text, err := cborText.Diagnose([]byte(body)); err == nil {
		return text
	}
	return hex.EncodeToString([]byte(body))
}
