package wire

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"souk.dev/souk/contract"
)

// Signature is what an Authorization header of AWS Signature Version 4 says.
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html
type Signature struct {
	AccessKey string
	Date      string // yyyymmdd, of the scope
	Region    string
	Service   string
	Headers   []string // SignedHeaders, as sent: lower-case and sorted
	Signature string   // hex
}

const algorithm = "AWS4-HMAC-SHA256"

// maxSkew is how far a signature's date may lie from the system's time.
const maxSkew = 5 * time.Minute

// ParseAuthorization reads an Authorization header. The error names what is missing, as AWS does.
func ParseAuthorization(header string) (Signature, *Error) {
	if header == "" {
		return Signature{}, &Error{Code: contract.MissingAuth, Message: "Request is missing Authentication Token", Status: http.StatusForbidden}
	}
	rest, ok := strings.CutPrefix(header, algorithm)
	if !ok {
		return Signature{}, incomplete("Authorization header requires the algorithm '" + algorithm + "'.")
	}
	var s Signature
	for part := range strings.SplitSeq(rest, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch name {
		case "Credential":
			scope := strings.Split(value, "/")
			if len(scope) < 5 || scope[len(scope)-1] != "aws4_request" {
				return Signature{}, incomplete("Credential must have the form key/date/region/service/aws4_request.")
			}
			scope = scope[len(scope)-5:] // a key may itself contain slashes
			s.AccessKey = strings.TrimSuffix(value, "/"+strings.Join(scope[1:], "/"))
			s.Date, s.Region, s.Service = scope[1], scope[2], scope[3]
		case "SignedHeaders":
			s.Headers = strings.Split(value, ";")
		case "Signature":
			s.Signature = value
		}
	}
	switch {
	case s.AccessKey == "":
		return Signature{}, incomplete("Authorization header requires 'Credential' parameter.")
	case len(s.Headers) == 0 || s.Headers[0] == "":
		return Signature{}, incomplete("Authorization header requires 'SignedHeaders' parameter.")
	case s.Signature == "":
		return Signature{}, incomplete("Authorization header requires 'Signature' parameter.")
	}
	return s, nil
}

func incomplete(message string) *Error {
	return &Error{Code: contract.IncompleteSignature, Message: message, Status: http.StatusForbidden}
}

func invalid(message string) *Error {
	return &Error{Code: contract.InvalidSignature, Message: message, Status: http.StatusForbidden}
}

// Verify checks s against a request with this body, over exactly the headers that s names. now is the system's time:
// clients sign with theirs, whatever the sandbox's clock says.
func (s Signature) Verify(r *http.Request, body, secret string, now time.Time) *Error {
	date := r.Header.Get("X-Amz-Date")
	at, err := time.Parse("20060102T150405Z", date)
	switch {
	case err != nil:
		return incomplete("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
	case at.Format("20060102") != s.Date:
		return invalid("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP.")
	case now.Sub(at).Abs() > maxSkew:
		return invalid("Signature expired or not yet current: " + date + " is more than 5 minutes from the server's time.")
	}
	for _, must := range []string{"host", "x-amz-date"} {
		if !slices.Contains(s.Headers, must) {
			return invalid("'" + http.CanonicalHeaderKey(must) + "' must be a signed header.")
		}
	}
	sum := sha256.Sum256([]byte(body))
	hash := hex.EncodeToString(sum[:])
	if sent := r.Header.Get("X-Amz-Content-Sha256"); sent != "" && sent != hash && sent != "UNSIGNED-PAYLOAD" {
		return invalid("The value of the header x-amz-content-sha256 does not match the body.")
	} else if sent == "UNSIGNED-PAYLOAD" {
		hash = sent
	}
	want := s.sign(s.canonical(r, hash), date, secret)
	if subtle.ConstantTimeCompare([]byte(want), []byte(s.Signature)) != 1 {
		return invalid("The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method.")
	}
	return nil
}

// canonical writes the request in the one way that both sides sign.
func (s Signature) canonical(r *http.Request, bodyHash string) string {
	var b strings.Builder
	path := signedPath(r)
	b.WriteString(r.Method + "\n" + escape(path, true) + "\n" + canonicalQuery(r.URL.Query()) + "\n")
	for _, h := range s.Headers {
		b.WriteString(h + ":" + headerValue(r, h) + "\n")
	}
	b.WriteString("\n" + strings.Join(s.Headers, ";") + "\n" + bodyHash)
	return b.String()
}

// signedPath is the path as the client sent it, and signed it: whoever routed r may have cut the URL's.
func signedPath(r *http.Request) string {
	path := r.URL.EscapedPath()
	if sent, err := url.ParseRequestURI(r.RequestURI); err == nil {
		path = sent.EscapedPath()
	}
	if path == "" {
		path = "/"
	}
	return path
}

// headerValue is a header as it is signed. Go keeps Host and Content-Length outside of the header map.
func headerValue(r *http.Request, name string) string {
	switch name {
	case "host":
		return r.Host
	case "content-length":
		if v := r.Header.Get("Content-Length"); v != "" {
			return v
		}
		return itoa(r.ContentLength)
	}
	values := slices.Clone(r.Header.Values(name))
	for i, v := range values {
		values[i] = strings.Join(strings.Fields(v), " ")
	}
	return strings.Join(values, ",")
}

func canonicalQuery(q url.Values) string {
	var pairs []string
	for k, vs := range q {
		for _, v := range vs {
			pairs = append(pairs, escape(k, false)+"="+escape(v, false))
		}
	}
	slices.Sort(pairs)
	return strings.Join(pairs, "&")
}

// escape percent-encodes everything but unreserved characters (and slashes in a path). A path is encoded once more
// than it was sent, as all services but S3 have it.
func escape(s string, slashes bool) string {
	const hexDigits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-_.~", c) >= 0 || (slashes && c == '/') {
			b.WriteByte(c)
			continue
		}
		b.Write([]byte{'%', hexDigits[c>>4], hexDigits[c&15]})
	}
	return b.String()
}

// sign makes the signature of a canonical request.
func (s Signature) sign(canonical, date, secret string) string {
	sum := sha256.Sum256([]byte(canonical))
	scope := s.Date + "/" + s.Region + "/" + s.Service + "/aws4_request"
	text := algorithm + "\n" + date + "\n" + scope + "\n" + hex.EncodeToString(sum[:])
	key := []byte("AWS4" + secret)
	for _, part := range []string{s.Date, s.Region, s.Service, "aws4_request", text} {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(part))
		key = mac.Sum(nil)
	}
	return hex.EncodeToString(key)
}
