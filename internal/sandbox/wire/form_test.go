package wire

import (
	"errors"
	"net/url"
	"reflect"
	"slices"
	"testing"
)

// filled has a field of each kind that forms are read into.
type filled struct {
	Name    string
	Yes     *bool
	Size    *int32
	Words   []string          `query:"Words.member"`
	Pairs   map[string]string `query:"Pair,Key"`
	Entries []struct {
		ID    string `query:"Id"`
		Attrs map[string]struct{ Type, Text string }
	} `query:"Entry"`
}

var formErrors = Forms{Malformed: "Malformed", Invalid: "Invalid", Missing: "Missing"}

func TestForms(t *testing.T) {
	form, err := url.ParseQuery("Name=n&Yes=true&Size=-7&Words.member.2=b&Words.member.10=c&Words.member.1=a&Words.member.01=x&Pair.1.Key=k&Pair.1.Value=v" +
		"&Entry.3.Id=e&Entry.3.Attrs.1.Name=colour&Entry.3.Attrs.1.Value.Type=String&Entry.3.Attrs.1.Value.Text=blue&Unknown.1=u")
	if err != nil {
		t.Fatal(err)
	}
	var got filled
	if err := formErrors.Decode(form, &got); err != nil {
		t.Fatal(err)
	}
	if got.Name != "n" || !*got.Yes || *got.Size != -7 || !slices.Equal(got.Words, []string{"a", "b", "c"}) || got.Pairs["k"] != "v" {
		t.Errorf("%+v", got)
	}
	if len(got.Entries) != 1 || got.Entries[0].ID != "e" || got.Entries[0].Attrs["colour"].Text != "blue" {
		t.Errorf("%+v", got.Entries)
	}
	for text, code := range map[string]string{"Yes=perhaps": "Invalid", "Size=2147483648": "Invalid", "Size=": "Invalid", "Pair.1.Key=k": "Missing", "Pair.1.Value=v": "Missing"} {
		form, err := url.ParseQuery(text)
		if err != nil {
			t.Fatal(err)
		}
		if e, ok := errors.AsType[*Error](formErrors.Decode(form, &filled{})); !ok || e.Code != code {
			t.Errorf("%s: %v; want %s", text, e, code)
		}
	}
}

// FuzzForms: whatever comes, it is read or refused by one of the names that were given, and the same way every time.
func FuzzForms(f *testing.F) {
	f.Add("Name=n&Yes=true&Size=7&Words.member.1=a&Pair.1.Key=k&Pair.1.Value=v&Entry.1.Id=e&Entry.1.Attrs.1.Name=n&Entry.1.Attrs.1.Value.Text=t")
	f.Add("Pair.1.Key=k&Pair.01.Key=k&Pair.1.Value=v&Pair.01.Value=w&Pair.+1.Key=k&Words.member.01=x&Words.member.1=y")
	f.Add("Entry.1=x&Entry.1.Id.2=y&Yes=&Size=9999999999&a.b.c.d.e.f.g.h.i=1&..=&Words.member.99999999999999999999=z")
	f.Fuzz(func(t *testing.T, text string) {
		form, err := url.ParseQuery(text)
		if err != nil {
			return
		}
		var first, second filled
		err = formErrors.Decode(form, &first)
		again := formErrors.Decode(form, &second)
		if !reflect.DeepEqual(err, again) || !reflect.DeepEqual(first, second) {
			t.Errorf("%q is read as %+v (%v), then as %+v (%v)", text, first, err, second, again)
		}
		if e, ok := errors.AsType[*Error](err); err != nil && (!ok || !slices.Contains([]string{"Malformed", "Invalid", "Missing"}, e.Code)) {
			t.Errorf("%q: %v", text, err)
		}
		if n := len(first.Words) + len(first.Entries) + len(first.Pairs); n > len(form) {
			t.Errorf("%q: %d elements of %d parameters", text, n, len(form))
		}
	})
}
