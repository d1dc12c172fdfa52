package browser

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// shop serves one page and tells what it was sent.
func shop(t *testing.T, page string) (*httptest.Server, *[]*http.Request) {
	var seen []*http.Request
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		seen = append(seen, r)
		if r.URL.Path == "/old" {
			http.Redirect(w, r, "/new", http.StatusSeeOther)
			return
		}
		http.SetCookie(w, &http.Cookie{Name: "been", Value: "here"})
		fmt.Fprint(w, page)
	}))
	t.Cleanup(s.Close)
	return s, &seen
}

func TestPressSendsWhatABrowserSends(t *testing.T) {
	s, seen := shop(t, `<title>Order</title><form method="post" action="/old"><input type=hidden name=token value="a+b=">
		<input name=email><textarea name=text>old</textarea><input type=checkbox name=yes checked><input type=checkbox name=no>
		<select name=size><option>S<option selected value=m>M</select><input name=off value=x disabled>
		<button name=act value=1>Other</button><button name=act value=2>Send <b>it</b></button></form><input form=far name=x value=y>
		<form id=far action="/find"><button>Find</button></form><form><input name=q><input type=submit value="Go"></form>`)
	b := New()
	if err := b.Open(t.Context(), s.URL+"/"); err != nil {
		t.Fatal(err)
	}
	if err := b.Press(t.Context(), "Send it", map[string]string{"email": "ada@example.com"}); err != nil {
		t.Fatal(err)
	}
	post := (*seen)[1]
	want := url.Values{"token": {"a+b="}, "email": {"ada@example.com"}, "text": {"old"}, "yes": {"on"}, "size": {"m"}, "act": {"2"}}
	if post.PostForm.Encode() != want.Encode() {
		t.Errorf("sent %v\nwant %v", post.PostForm, want)
	}
	if c, err := post.Cookie("been"); err != nil || c.Value != "here" {
		t.Errorf("the cookie did not come along: %v", err)
	}
	if post.Header.Get("Origin") != s.URL || post.Header.Get("Sec-Fetch-Site") != "same-origin" {
		t.Errorf("origin %q, site %q", post.Header.Get("Origin"), post.Header.Get("Sec-Fetch-Site"))
	}
	if b.Page.URL.Path != "/new" || !strings.HasSuffix(b.Trail[len(b.Trail)-1], "/new") {
		t.Errorf("after the redirect at %s, trail %v", b.Page.URL, b.Trail)
	}
	if err := b.Press(t.Context(), "Find", map[string]string{"x": "z"}); err != nil || b.Page.URL.RequestURI() != "/find?x=z" {
		t.Errorf("a GET form: %v, %v", b.Page.URL, err)
	}
}

func TestWhatIsNotThereCannotBePressed(t *testing.T) {
	s, _ := shop(t, `<a href="/old">Old <span>news</span></a><form><input name=a><button type=button>Dead</button><button>Live</button></form>`)
	b := New()
	if err := b.Open(t.Context(), s.URL); err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"no such button": b.Press(t.Context(), "Buy", nil),
		"not a submit":   b.Press(t.Context(), "Dead", nil),
		"no such field":  b.Press(t.Context(), "Live", map[string]string{"b": "1"}),
		"no such link":   b.Follow(t.Context(), "Weather"),
	} {
		if err == nil {
			t.Errorf("%s: pressed all the same", name)
		}
	}
	if err := b.Follow(t.Context(), "old news"); err != nil || b.Page.URL.Path != "/new" {
		t.Errorf("the link: %v, %v", b.Page.URL, err)
	}
}

func TestFetchSite(t *testing.T) {
	at := func(s string) *url.URL { u, _ := url.Parse(s); return u }
	for want, pair := range map[string][2]*url.URL{
		"none":        {nil, at("http://a")},
		"same-origin": {at("http://a:1/x"), at("http://a:1/y")},
		"same-site":   {at("http://a:1/"), at("http://a:2/")},
		"cross-site":  {at("http://a:1/"), at("http://b:1/")},
	} {
		if got := fetchSite(pair[0], pair[1]); got != want {
			t.Errorf("from %v to %v: %s; want %s", pair[0], pair[1], got, want)
		}
	}
}
