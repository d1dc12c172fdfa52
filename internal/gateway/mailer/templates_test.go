package mailer

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/letter"
)

func ours(t testing.TB) *templates {
	t.Helper()
	f, err := ownFiles()
	if err != nil {
		t.Fatal(err)
	}
	ts, err := f.parse("#7a3e8a")
	if err != nil {
		t.Fatal(err)
	}
	return ts
}

func TestEveryLetterSaysWhatItIsFor(t *testing.T) {
	ts := ours(t)
	says := map[letter.Name][]string{
		letter.Welcome: {"Welcome to Inkwell", "ada@acme.example", "/verify?proof="}, letter.Verify: {"/verify?proof=", "10:30 UTC"}, letter.Reset: {"/password/reset?proof=", "10:30 UTC"},
		letter.PasswordChanged: {"password", "9:30 UTC"}, letter.FactorAdded: {"second factor", "9:30 UTC", "If it was not you"}, letter.FactorRemoved: {"password alone", "9:30 UTC", "If it was not you"}, letter.PasskeyAdded: {"passkey", "9:30 UTC", "If it was not you"}, letter.PasskeyRemoved: {"passkey", "9:30 UTC", "If it was not you"}, letter.NewAddress: {"/address?proof=", "ada@acme.example", "10:30 UTC", "If it was not you"}, letter.AddressChanged: {"another e-mail address", "ada@acme.example", "9:30 UTC", "If it was not you"},
		letter.Invitation: {"/join?proof=", "Analytical Engines", "works once"}, letter.SettingUp: {"setting up your account", "by 4 November 2026, 09:30 UTC", "Our team makes your workspace", "help@inkwell.example"}, letter.Ready: {"Inkwell Pages", "https://app.inkwell.example/"},
		letter.Cancelling: {"until 2 November 2026, 10:30 UTC", "still billed", "Only AWS Marketplace can confirm", "https://console.aws.amazon.com/"},
		letter.Ended:      {"has ended", "no further charges", "https://console.aws.amazon.com/"}, letter.PaymentFailed: {"could not take the payment", "https://console.aws.amazon.com/"},
		letter.Refund:  {"$12.50", "October 2026", "five business days"},
		letter.Usage:   {"80 %", "Pages made", "8,250 of 10,000 Pages", "1 February 2027", "/portal/licenses/lic_7", "No more reminders"},
		letter.Renewal: {"ends on 2 December 2026, 09:30 UTC", "does not renew itself", "https://console.aws.amazon.com/", "No more reminders"},
	}
	for _, name := range letter.Names {
		w, err := ts.write(name, Sample(name))
		if err != nil {
			t.Fatal(err)
		}
		doc := textOf(parseHTML(t, w.html))
		for _, want := range append(says[name], "Hello Ada Lovelace,", "help@inkwell.example") {
			if !strings.Contains(w.subject+w.text, want) || !strings.Contains(doc, want) {
				t.Errorf("%s does not say %q:\n%s\n%s\n%s", name, want, w.subject, w.text, doc)
			}
		}
		if len(says[name]) == 0 {
			t.Errorf("nothing is known of what %s is for", name)
		}
		if strings.Contains(w.text+w.html, "<no value>") || strings.Contains(w.text+w.html, "ZgotmplZ") || strings.Contains(w.text, "\n\n\n") {
			t.Errorf("%s:\n%s\n%s", name, w.text, w.html)
		}
	}
}

func TestALetterSaysWhyASubscriptionEnds(t *testing.T) {
	ts := ours(t)
	for reason, says := range map[string][2]string{"": {"being cancelled", "is ending. You"}, "CANCELLED": {"being cancelled", "It was cancelled."}, "EXPIRED": {"Inkwell Pages is ending", "Its term is over."},
		"TERMINATED": {"Inkwell Pages is ending", "AWS Marketplace ended it."}, "RENEWED": {"Inkwell Pages is ending", "Another subscription renews it."}, "REPLACED": {"Inkwell Pages is ending", "Another subscription replaces it."}} {
		c := Sample(letter.Cancelling)
		c.EndReason = reason
		ending, err := ts.write(letter.Cancelling, c)
		if err != nil {
			t.Fatal(err)
		}
		doc := textOf(parseHTML(t, ending.html))
		if !strings.Contains(ending.subject, says[0]) || !strings.Contains(ending.text, says[1]) || !strings.Contains(doc, says[1]) ||
			strings.Contains(doc, "Cancellation in progress") != strings.Contains(says[0], "cancelled") {
			t.Errorf("%q: %s\n%s\n%s", reason, ending.subject, ending.text, doc)
		}
		ended, err := ts.write(letter.Ended, c)
		if err != nil {
			t.Fatal(err)
		}
		if doc := textOf(parseHTML(t, ended.html)); reason != "" && (!strings.Contains(ended.text, says[1]) || !strings.Contains(doc, says[1])) {
			t.Errorf("%q: %s\n%s", reason, ended.text, doc)
		}
	}
}

func parseHTML(t testing.TB, text string) *html.Node {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// textOf is what can be read, and where links lead.
func textOf(n *html.Node) (s string) {
	if n.Type == html.TextNode {
		return n.Data
	}
	for _, a := range n.Attr {
		if a.Key == "href" {
			s += " " + a.Val + " "
		}
	}
	for c := range n.ChildNodes() {
		s += textOf(c)
	}
	return s
}

// shape is a document's elements and attributes without what is written in them.
func shape(n *html.Node) (s string) {
	if n.Type == html.ElementNode {
		s = "<" + n.Data
		for _, a := range n.Attr {
			s += " " + a.Key
			if a.Key == "href" {
				scheme, _, _ := strings.Cut(a.Val, ":")
				s += "=" + scheme
			}
		}
		s += ">"
	}
	for c := range n.ChildNodes() {
		s += shape(c)
	}
	return s
}

// hostile are contents with one field in which somebody wants to be markup, or another header.
func hostile() map[string]letter.Content {
	all := map[string]letter.Content{}
	for attack, text := range map[string]string{
		"markup":   `Ada<script>alert(1)</script><img src=x onerror=alert(1)>`,
		"quote":    `" onmouseover="alert(1)" style="position:fixed`,
		"template": `{{.Seller}}{{template "main"}}`,
		"header":   "Ada\r\nBcc: everybody@example.com\r\n\r\n<b>",
		"entity":   `&lt;script&gt;&#x3c;script>`,
	} {
		for _, field := range []string{"Name", "Email", "Product", "Why", "Amount", "Currency", "Month", "What", "Unit", "Used", "Limit", "Seller.Name", "Seller.SupportEmail"} {
			c := Sample(letter.Welcome)
			c.Link = "https://buy.inkwell.example/verify?proof=p"
			v := reflect.ValueOf(&c).Elem()
			for part := range strings.SplitSeq(field, ".") {
				v = v.FieldByName(part)
			}
			v.SetString(text)
			all[field+", "+attack] = c
		}
		for _, field := range []string{"Home", "App", "Market", "Link", "Seller.SupportURL"} {
			c := Sample(letter.Welcome)
			c.Link = "https://buy.inkwell.example/verify?proof=p"
			v := reflect.ValueOf(&c).Elem()
			for part := range strings.SplitSeq(field, ".") {
				v = v.FieldByName(part)
			}
			v.SetString("https://example.com/" + text)
			all[field+", "+attack] = c
		}
	}
	return all
}

// Whatever stands in a field, the letter has the elements, the attributes and the headers that its templates give it.
func TestNothingThatIsEnteredIsMarkup(t *testing.T) {
	ts := ours(t)
	plain := Sample(letter.Welcome)
	plain.Link = "https://buy.inkwell.example/verify?proof=p"
	for _, name := range letter.Names {
		want, err := ts.write(name, plain)
		if err != nil {
			t.Fatal(err)
		}
		for what, c := range hostile() {
			got, err := ts.write(name, c)
			if err != nil {
				t.Fatalf("%s, %s: %v", name, what, err)
			}
			if a, b := shape(parseHTML(t, got.html)), shape(parseHTML(t, want.html)); a != b {
				t.Errorf("%s, %s:\n%s\nwant\n%s", name, what, a, b)
			}
			if strings.ContainsAny(got.subject, "\r\n") {
				t.Errorf("%s, %s: the subject is %q", name, what, got.subject)
			}
		}
	}
}

func FuzzNames(f *testing.F) {
	f.Add("Ada</p><script>", "Pages\r\nBcc: x@example.com")
	f.Add("{{.}}", "\x00\x1b")
	ts := ours(f)
	plain, err := ts.write(letter.Ready, Sample(letter.Ready))
	if err != nil {
		f.Fatal(err)
	}
	want := shape(parseHTML(f, plain.html))
	f.Fuzz(func(t *testing.T, name, product string) {
		c := Sample(letter.Ready)
		c.Name, c.Product = "A"+name, "P"+product
		got, err := ts.write(letter.Ready, c)
		if err != nil {
			t.Fatal(err)
		}
		if shape(parseHTML(t, got.html)) != want || strings.ContainsAny(got.subject, "\r\n") {
			t.Errorf("%q, %q: %q\n%s", name, product, got.subject, got.html)
		}
	})
}

func TestTemplatesOfTheSellersOwn(t *testing.T) {
	folder := func(files map[string]string) string {
		dir := t.TempDir()
		for name, text := range files {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		return dir
	}
	config := func(dir string) Config {
		return Config{Server: "smtp://127.0.0.1:1", From: "hello@inkwell.example", Templates: dir}
	}
	m, err := New(config(folder(map[string]string{
		"ready.txt":  `{{define "subject"}}Los geht's{{end}}{{define "main"}}Guten Tag {{.Name}}, {{.Product}} ist da: {{.App}}{{end}}`,
		"ready.html": `{{define "main"}}<p id="own">Guten Tag {{.Name}}</p>{{end}}`,
	})))
	if err != nil {
		t.Fatal(err)
	}
	c := Sample(letter.Ready)
	c.Name = "Zoë <b>"
	w, err := m.templates.write(letter.Ready, c)
	if err != nil || w.subject != "Los geht's" || !strings.Contains(w.text, "Guten Tag Zoë <b>, Inkwell Pages ist da: https://app.inkwell.example/") ||
		!strings.Contains(w.html, `<p id="own">Guten Tag Zoë &lt;b&gt;</p>`) || !strings.Contains(w.html, "Sold through AWS Marketplace") {
		t.Errorf("%+v, %v", w, err)
	}
	for name, files := range map[string]map[string]string{
		"a letter that is none":  {"redy.txt": "x"},
		"what does not parse":    {"ready.txt": `{{define "subject"}}x{{end}}{{define "main"}}{{if}}{{end}}`},
		"a field that is none":   {"ready.html": `{{define "main"}}{{.Nobody}}{{end}}`},
		"no subject":             {"ready.txt": `{{define "subject"}} {{end}}{{define "main"}}x{{end}}`},
		"a frame without letter": {"_frame.txt": ` `},
		"no main":                {"ready.html": `{{define "mian"}}x{{end}}`},
	} {
		_, err := New(config(folder(files)))
		if !fail.Is(err, fail.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
		for file := range files {
			if err != nil && !strings.Contains(err.Error(), strings.TrimSuffix(file, filepath.Ext(file))) && file != "_frame.txt" {
				t.Errorf("%s: the failure does not name %s: %v", name, file, err)
			}
		}
	}
	if _, err := New(config(filepath.Join(t.TempDir(), "none"))); !fail.Is(err, fail.Invalid) {
		t.Errorf("no folder: %v", err)
	}
}

func TestButtonsHaveTheProductsColour(t *testing.T) {
	ts, c := ours(t), Sample(letter.Ready)
	for accent, want := range map[string]string{"": "#7a3e8a", "#225533": "#225533"} {
		c.Seller.Accent = accent
		if w, err := ts.write(letter.Ready, c); err != nil || !strings.Contains(w.html, "background:"+want) {
			t.Errorf("%q: %v\n%s", accent, err, w.html)
		}
	}
	c.Seller.Accent = "green"
	if _, err := ts.write(letter.Ready, c); !fail.Is(err, fail.Invalid) {
		t.Errorf("%v", err)
	}
}

func TestTheReadyLetterTellsOfATrial(t *testing.T) {
	ts, c := ours(t), Sample(letter.Ready)
	if w, err := ts.write(letter.Ready, c); err != nil || strings.Contains(w.text+w.html, "free trial") {
		t.Errorf("%v\n%s", err, w.text)
	}
	c.TrialUntil = c.At.AddDate(0, 0, 30)
	for ends, want := range map[bool]string{false: "charged on your AWS bill", true: "ends with it"} {
		c.TrialEnds = ends
		w, err := ts.write(letter.Ready, c)
		for _, text := range []string{w.text, textOf(parseHTML(t, w.html))} {
			if err != nil || !strings.Contains(text, "runs until 2 December 2026, 09:30 UTC") || !strings.Contains(text, want) || strings.Contains(text, "\n\n\n") && text == w.text {
				t.Errorf("%v\n%s", err, text)
			}
		}
	}
}
