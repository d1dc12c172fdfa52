package webuitest

import (
	"fmt"
	"net/url"
	"reflect"
	"strings"
	"testing"
)

// witness notes what a check says, instead of failing.
type witness struct {
	testing.TB
	said []string
}

func (w *witness) Helper()                      {}
func (w *witness) Error(args ...any)            { w.said = append(w.said, fmt.Sprint(args...)) }
func (w *witness) Errorf(f string, args ...any) { w.said = append(w.said, fmt.Sprintf(f, args...)) }
func (w *witness) Fatalf(f string, args ...any) { w.Errorf(f, args...); panic(w) }
func (w *witness) check(t *testing.T, html string) {
	t.Helper()
	defer func() {
		if p := recover(); p != nil && p != any(w) {
			panic(p)
		}
	}()
	Check(w, Parse(t, strings.NewReader(html)))
}

const sound = `<!doctype html><html lang="en"><title>T</title><main><h1>H</h1>
<form method="post" action="/x"><label for="a">A</label><input id="a" name="a" aria-describedby="h"><p id="h">hint</p>
<input type="hidden" name="n" value="1"><button>Go</button></form><a href="/y">Y</a></main></html>`

func TestCheckPassesASoundPage(t *testing.T) {
	var w witness
	if w.check(t, sound); len(w.said) != 0 {
		t.Errorf("a sound page is told: %q", w.said)
	}
}

func TestCheckCatches(t *testing.T) {
	for name, c := range map[string]struct{ from, to, say string }{
		"no language":        {` lang="en"`, "", "names no language"},
		"no title":           {"<title>T</title>", "<title></title>", "no title"},
		"two headings":       {"<h1>H</h1>", "<h1>H</h1><h1>H</h1>", "2 elements are h1"},
		"no main":            {"main>", "div>", "0 elements are main"},
		"one id twice":       {"</main>", `<p id="a"></p></main>`, `"a" is there twice`},
		"label of nothing":   {`for="a"`, `for="b"`, `for="b" names nothing`},
		"field without one":  {"</form>", `<select name="s"></select></form>`, `select "s" has no label`},
		"silent button":      {"<button>Go</button>", "<button></button>", "says nothing"},
		"method left out":    {` method="post"`, "", "does not say its method"},
		"inline style":       {"<h1>", `<h1 style="color:red">`, "inline style"},
		"inline handler":     {"<h1>", `<h1 onclick="x()">`, "inline onclick"},
		"inline script":      {"</main>", "<script>x()</script></main>", "inline <script>"},
		"link that executes": {`href="/y"`, `href=" JavaScript:x()"`, "leads to"},
	} {
		t.Run(name, func(t *testing.T) {
			broken := strings.ReplaceAll(sound, c.from, c.to)
			var w witness
			if w.check(t, broken); len(w.said) == 0 || !strings.Contains(strings.Join(w.said, "\n"), c.say) {
				t.Errorf("told %q, want %q", w.said, c.say)
			}
		})
	}
}

func TestFieldsAreWhatABrowserSends(t *testing.T) {
	form := Parse(t, strings.NewReader(`<form method="post" action="/f"><input name="a" value="1"><input type="checkbox" name="b" value="2">
<input type="checkbox" name="c" value="3" checked><textarea name="d">4</textarea><select name="e"><option value="5">x</option><option value="6" selected>y</option></select>
<select name="f"><option value="7">x</option></select><input value="nameless"><input type="submit" name="g" value="8"></form>`)).Form(t, "/f")
	want := url.Values{"a": {"1"}, "c": {"3"}, "d": {"4"}, "e": {"6"}, "f": {"7"}}
	if got := form.Fields(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
