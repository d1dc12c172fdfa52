package webui

import (
	"encoding/base64"
	"html/template"
	"time"
)

// What pages give to the templates of components (templates/components.html); each says which.

// Link is an entry of a navigation: {{template "ui-link" .}}.
type Link struct {
	Href, Label string
	Current     bool // the page being shown: marked, and told to screen readers
}

// NewLink makes a link that is current when path, the page being shown, is href or lies under it.
func NewLink(href, label, path string) Link {
	under := len(path) > len(href) && href != "/" && path[:len(href)] == href && path[len(href)] == '/'
	return Link{href, label, path == href || under}
}

// Notice is a sentence or two that must be seen: {{template "ui-notice" .}}. The zero Notice shows nothing.
type Notice struct {
	Tone  Tone
	Title string // may be empty
	Text  string // may be empty
}

// Empty is what stands where a list would, when there is nothing to list: {{template "ui-empty" .}}.
type Empty struct {
	Title, Text string
	Href, Label string // what to do about it; may be empty
}

// Field is one field of a form with its label: {{template "ui-field" .}}.
type Field struct {
	Name  string // also the input's id
	Label string
	Hint  string // stands under the label; may be empty
	Error string // what is wrong with Value, and what to do; may be empty
	Value string
	// Type is that of the input element ("text" when empty), or "textarea", "select", "checkbox".
	Type         string
	Autocomplete string // as in HTML: "email", "new-password", …
	InputMode    string // "numeric" …, for keyboards on glass
	Placeholder  string
	Required     bool
	// Bare leaves out that the field is optional: where most are, saying so at each helps nobody.
	Bare      bool
	Autofocus bool
	Code      bool // what is written is code: of one width, and not checked for spelling
	Checked   bool // of a checkbox
	MaxLength int  // characters; 0 is no limit
	Rows      int  // of a textarea
	Options   []Choice
}

// Choice is an option of a select field.
type Choice struct{ Value, Label string }

// Browser is one that somebody is signed in with.
type Browser struct {
	Name        string // in words
	Since, Seen time.Time
	Here        bool   // the page is shown in it
	End         string // the address of the page that signs it out
}

// Browsers are those that somebody is signed in with: {{template "ui-browsers" .}}.
type Browsers struct {
	Now       time.Time
	List      []Browser
	EndOthers string // the address of the page that signs out all but this one
}

// Passkey is the form by which a browser answers with a passkey: {{template "ui-passkey" .}}. It shows itself where scripts run and
// the browser knows passkeys. Its fields are those of Hidden, sealed, and answer, as JSON.
type Passkey struct {
	Class, Action, Label string
	New                  bool   // one is made; otherwise one is used
	Options              string // what the browser is asked, as JSON
	Sealed               string // what its answer is held against
	Hidden               map[string]string
}

// Key is a secret that somebody takes into a program of theirs, once: {{template "ui-key" .}}.
type Key struct {
	Picture template.URL // a PNG as a data URL; see [PNG]
	Text    string
}

// PNG is a picture as pages hold it.
func PNG(picture []byte) template.URL {
	return template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(picture))
}
