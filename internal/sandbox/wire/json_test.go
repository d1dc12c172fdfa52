package wire

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"
)

// members reads an object of strings, skipping what is no string.
func members(text string) (map[string]string, error) {
	r := NewReader(text)
	got := map[string]string{}
	r.Object(func(name string) {
		if r.peek() == '"' {
			got[name] = r.String()
		} else {
			r.Discard()
		}
	})
	return got, r.Err()
}

func TestReaderTakesWhatJSONIs(t *testing.T) {
	for _, text := range []string{
		`{}`, ` { "a" : "b" , "c":[1,{"d":null}],"e":true} `, `{"a":"\u00e9\ud83d\ude00\n\/"}`, `{"a":null}`, `{"":""}`, `{"a":-1.5e+10}`, `{"a":"é"}`, `null`,
	} {
		if _, err := members(text); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
	for _, text := range []string{
		``, `{`, `{"a"}`, `{"a":}`, `{"a":1,}`, `{"a":01}`, `{"a":1.}`, `{"a":.5}`, `{"a":1e}`, `{"a":--1}`, `{} x`, `{}{}`, `[]`, `"a"`, `{"a":"\x"}`, `{"a":"` + "\n" + `"}`,
		`{"a":"b`, `{"a":"\`, `{"a":nul}`, `{a:1}`, `{"a":` + strings.Repeat("[", 200) + strings.Repeat("]", 200) + `}`,
	} {
		if got, err := members(text); err == nil {
			t.Errorf("%s was taken as %v", text, got)
		}
	}
}

func TestNamesMatchExactlyAndTheLastCounts(t *testing.T) {
	got, err := members(`{"A":"capital","a":"first","a":"last","b":null}`)
	if err != nil || got["A"] != "capital" || got["a"] != "last" || len(got) != 2 {
		t.Errorf("%v, %v", got, err)
	}
}

func TestIntegers(t *testing.T) {
	for text, want := range map[string]int64{"0": 0, "-0": 0, "7": 7, "2147483648": 1 << 31, "1e3": 1000, "10.0": 10, "99999999999999999999": math.MaxInt64, "-99999999999999999999": math.MinInt64} {
		r := NewReader(text)
		if got := r.Int(); got != want || r.Err() != nil {
			t.Errorf("%s: %d, %v", text, got, r.Err())
		}
	}
	for _, text := range []string{"1.5", `"7"`, "true", "[1]", "0x10"} {
		r := NewReader(text)
		if got := r.Int(); r.Err() == nil {
			t.Errorf("%s was taken as %d", text, got)
		}
	}
}

func TestTimesComeBackAsSent(t *testing.T) {
	for text, want := range map[string]string{
		"1795341600":               "1795341600",
		"1795341600.123":           "1795341600.123",
		"1795341600.000001":        "1795341600.000001",
		"1.7953416E9":              "1795341600",
		`"2026-11-22T10:00:00Z"`:   "1795341600",
		`"2026-11-22T10:00:00.5Z"`: "1795341600.5",
		"-1.5":                     "-1.5",
		"0":                        "0",
	} {
		r := NewReader(text)
		at := r.Time()
		if r.Err() != nil {
			t.Errorf("%s: %v", text, r.Err())
			continue
		}
		if got := string(AppendTime(nil, at)); got != want {
			t.Errorf("%s came back as %s, want %s", text, got, want)
		}
	}
	for _, text := range []string{`"yesterday"`, "1e300", "true", "{}"} {
		r := NewReader(text)
		if at := r.Time(); r.Err() == nil {
			t.Errorf("%s was taken as %s", text, at)
		}
	}
	if !time.Unix(1795341600, 0).Equal(time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)) {
		t.Error("the samples above are wrong")
	}
}

// Our reader agrees with encoding/json about what is JSON, and about the text of strings.
func FuzzReader(f *testing.F) {
	for _, text := range []string{`{"a":"b\u00e9\ud83d"}`, `{"a":[1,2,{"b":-0.5e-7}]}`, `null`, `{"a":"\ud83d\ude00"}`, "{\"a\":\"\xff\"}"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := members(text)
		if err != nil {
			return
		}
		var want map[string]any
		if err := json.Unmarshal([]byte(text), &want); err != nil {
			t.Fatalf("took %q, which is not JSON: %v", text, err)
		}
		for name, value := range got {
			if v, ok := want[name].(string); !ok || v != value {
				t.Fatalf("%q: member %q is %q, want %v", text, name, value, want[name])
			}
			var back string
			if err := json.Unmarshal(AppendString(nil, value), &back); err != nil || back != value {
				t.Fatalf("%q was written as %s (%v)", value, AppendString(nil, value), err)
			}
		}
	})
}

func FuzzAuthorization(f *testing.F) {
	f.Add(good)
	f.Add("AWS4-HMAC-SHA256 Credential=a/b/c/d/e/aws4_request,SignedHeaders=,Signature=")
	f.Fuzz(func(t *testing.T, header string) {
		s, err := ParseAuthorization(header)
		if err == nil && (s.AccessKey == "" || len(s.Headers) == 0 || s.Signature == "") {
			t.Fatalf("%q was taken as %+v", header, s)
		}
	})
}
