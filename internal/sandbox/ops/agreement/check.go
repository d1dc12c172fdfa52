package agreement

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/sandbox/wire"
)

// field is a member of an input that is text.
type field struct {
	name   string // as in the input
	about  string // what the model's reasons have after MISSING_ and INVALID_
	value  *string
	needed bool
	least  int            // characters; an empty text is as good as none where one is needed
	most   int            // characters
	like   *regexp.Regexp // nil: anything
}

// Patterns of identifiers. Source: the service model.
var (
	clientTokens    = regexp.MustCompile(`^[a-zA-Z0-9-]+$`)
	cancellationIDs = regexp.MustCompile(`^acr-[a-zA-Z0-9]+$`)
)

func idField(name, about string, value *string, like *regexp.Regexp) field {
	return field{name: name, about: about, value: value, needed: true, least: 1, most: contract.MaxResourceID, like: like}
}

func tokenField(value *string) field {
	return field{name: "clientToken", about: "CLIENT_TOKEN", value: value, least: 1, most: contract.MaxClientToken, like: clientTokens}
}

// missing is the reason for which the field's absence is refused: not every field has one of its own.
func (f field) missing() string {
	if own := "MISSING_" + f.about; slices.Contains(reasons, own) {
		return own
	}
	return "INVALID_" + f.about
}

// check refuses the first field that is missing or malformed.
func check(c *wire.Call, fields ...field) error {
	for _, f := range fields {
		switch {
		case f.value == nil && !f.needed:
			continue
		case f.needed && (f.value == nil || *f.value == ""):
			return invalid(c, f.missing(), f.name, "The "+f.name+" is required.")
		}
		n := utf8.RuneCountInString(*f.value)
		if n < f.least || n > f.most || f.like != nil && !f.like.MatchString(*f.value) {
			return invalid(c, "INVALID_"+f.about, f.name, "The "+f.name+" is not well formed.")
		}
	}
	return nil
}

// refused says what the world refused, of a resource, in the words of this API. field is what it is about, where the
// error does not say.
func refused(c *wire.Call, err error, resourceType, resourceID, field string) error {
	resource := map[string]any{"resourceId": resourceID, "resourceType": resourceType}
	switch fail.KindOf(err) {
	case fail.NotFound:
		return failure(c, contract.ResourceNotFound, fail.SayOf(err), resource)
	case fail.Conflict:
		return failure(c, contract.Conflict, fail.SayOf(err), resource)
	case fail.Denied:
		return denied(c, fail.SayOf(err))
	case fail.Invalid:
		code := fail.CodeOf(err)
		return invalid(c, strings.ToUpper(code), memberOf(code, field), fail.SayOf(err))
	}
	return err
}

// memberOf is the member of an input that an error of the world is about: those that are missing or invalid are in its
// code. Others are about otherwise.
func memberOf(code, otherwise string) string {
	what, found := strings.CutPrefix(code, "invalid_")
	if !found {
		what, found = strings.CutPrefix(code, "missing_")
	}
	if !found {
		return otherwise
	}
	words := strings.Split(what, "_")
	for i, w := range words[1:] {
		words[i+1] = strings.ToUpper(w[:1]) + w[1:]
	}
	return strings.Join(words, "")
}
