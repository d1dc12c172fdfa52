package webuitest

import (
	"strings"
	"testing"
)

// Check fails the test where the page breaks a rule that all pages keep: it has a language, a title, one h1 and one
// main; every field has a label and every control a name; ids are unique; nothing is inline that the
// Content-Security-Policy would refuse; and what changes something is a form, not a link.
func Check(t testing.TB, page Node) {
	t.Helper()
	if page.One(t, "html").Attr("lang") == "" {
		t.Error("the page names no language")
	}
	if page.One(t, "head").One(t, "title").Text() == "" { // a chart's parts have titles, too
		t.Error("the page has no title")
	}
	page.One(t, "main")
	page.One(t, "h1")
	checkIDs(t, page)
	checkControls(t, page)
	checkInline(t, page)
}

func checkIDs(t testing.TB, page Node) {
	t.Helper()
	seen := map[string]bool{}
	for _, n := range page.All("*[id]") {
		if id := n.Attr("id"); seen[id] || id == "" {
			t.Errorf("the id %q is there twice, or empty", id)
		} else {
			seen[id] = true
		}
	}
	for _, attr := range []string{"for", "aria-describedby", "aria-labelledby"} {
		for _, n := range page.All("*[" + attr + "]") {
			for id := range strings.FieldsSeq(n.Attr(attr)) {
				if !seen[id] {
					t.Errorf("%s=%q names nothing on the page", attr, id)
				}
			}
		}
	}
}

func checkControls(t testing.TB, page Node) {
	t.Helper()
	labelled := map[string]bool{}
	for _, l := range page.All("label") {
		labelled[l.Attr("for")] = true
	}
	for _, tag := range []string{"input", "select", "textarea"} {
		for _, n := range page.All(tag) {
			if n.Attr("type") == "hidden" {
				continue
			}
			if !labelled[n.Attr("id")] && n.Attr("aria-label") == "" {
				t.Errorf("the %s %q has no label", tag, n.Attr("name"))
			}
		}
	}
	for _, tag := range []string{"button", "a", "summary"} {
		for _, n := range page.All(tag) {
			if n.Text() == "" && n.Attr("aria-label") == "" {
				t.Errorf("a %s to %q says nothing", tag, n.Attr("href"))
			}
		}
	}
	for _, f := range page.All("form") {
		if m := f.Attr("method"); m != "post" && m != "get" {
			t.Errorf("the form to %q does not say its method", f.Attr("action"))
		}
	}
}

func checkInline(t testing.TB, page Node) {
	t.Helper()
	for _, n := range page.All("*") {
		for _, a := range n.Node.Attr {
			if a.Key == "style" || strings.HasPrefix(a.Key, "on") {
				t.Errorf("<%s> has an inline %s", n.Data, a.Key)
			}
			if (a.Key == "href" || a.Key == "action") && strings.HasPrefix(strings.ToLower(strings.TrimSpace(a.Val)), "javascript:") {
				t.Errorf("<%s> leads to %q", n.Data, a.Val)
			}
		}
		if n.Data == "style" || n.Data == "script" && n.Attr("src") == "" {
			t.Errorf("an inline <%s>", n.Data)
		}
	}
}
