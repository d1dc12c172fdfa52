package console

import (
	"net/http"
	"net/url"
	"strings"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/audit"
	"souk.dev/souk/internal/gateway/credential"
	"souk.dev/souk/internal/gateway/keys"
	"souk.dev/souk/internal/gateway/operator"
	"souk.dev/souk/internal/webui"
)

type keysView struct {
	Page
	Rows   []keys.Key
	Fields []webui.Field
	Made   keys.Key // just now
	Text   string   // of Made: shown once
}

func keyFields(name, bad string) []webui.Field {
	return []webui.Field{{Name: "name", Label: "Name", Hint: "The program that will use it.", Required: true, MaxLength: 100, Value: name, Error: bad, Autocomplete: "off"}}
}

// getKeys lists the API keys.
func (c *Console) getKeys(w http.ResponseWriter, r *http.Request, who operator.Person) error {
	return c.showKeys(w, r, who, http.StatusOK, keysView{Fields: keyFields("", "")})
}

func (c *Console) showKeys(w http.ResponseWriter, r *http.Request, who operator.Person, status int, view keysView) error {
	page, err := c.page(r, who)
	if err != nil {
		return err
	}
	view.Page = page
	if view.Rows, err = c.Keys.Keys(r.Context()); err != nil {
		return err
	}
	return c.ui.Render(w, status, "keys", view)
}

// postKey makes a key. Its text is in the answer and nowhere else, so that the answer is a page and no redirect.
func (c *Console) postKey(w http.ResponseWriter, r *http.Request, who operator.Person) error {
	in, err := form(w, r)
	if err != nil {
		return err
	}
	name := strings.TrimSpace(in.Get("name"))
	view := keysView{Fields: keyFields("", "")}
	err = c.Audit.Do(r.Context(), actor(r, who), audit.KeyMade, name, "", func() (err error) {
		view.Text, view.Made, err = keys.Create(r.Context(), c.Keys, c.Clock, name)
		return err
	})
	if fail.Is(err, fail.Invalid) {
		return c.showKeys(w, r, who, http.StatusUnprocessableEntity, keysView{Fields: keyFields(name, fail.SayOf(err))})
	}
	if err != nil {
		return err
	}
	return c.showKeys(w, r, who, http.StatusCreated, view)
}

// postRevoke ends a key.
func (c *Console) postRevoke(w http.ResponseWriter, r *http.Request, who operator.Person) error {
	id := r.PathValue("id")
	err := c.Audit.Do(r.Context(), actor(r, who), audit.KeyRevoked, id, "", func() error {
		return c.Keys.RevokeKey(r.Context(), id, c.Clock.Now())
	})
	if err != nil {
		return err
	}
	seeOther(w, r, "/console/keys")
	return nil
}

type operatorsView struct {
	Page
	Rows   []operator.Person
	Fields []webui.Field
	Notice webui.Notice
	Roles  []operator.Role
	// Passwords says that people may be let in with one; Provider is what the sign-in provider is called, if there is one.
	Passwords bool
	Provider  string
}

func operatorFields(p operator.Person) []webui.Field {
	return []webui.Field{
		{Name: "email", Label: "E-mail address", Type: "email", Required: true, MaxLength: credential.MaxEmail, Value: p.Email, Autocomplete: "off"},
		{Name: "name", Label: "Name", Required: true, MaxLength: credential.MaxName, Value: p.Name, Autocomplete: "off"},
		{Name: "role", Label: "Role", Type: "select", Required: true, Value: string(p.Role), Options: []webui.Choice{
			{Value: string(operator.Viewer), Label: "Viewer: looks"}, {Value: string(operator.Operator), Label: "Operator: decides and replays"}, {Value: string(operator.Admin), Label: "Admin: keys, operators, the log"}}},
		{Name: "password", Label: "First password", Type: "password", Required: true, Autocomplete: "new-password", Hint: "12 characters or more. Its owner can change it."},
	}
}

// getOperators lists who may use the console.
func (c *Console) getOperators(w http.ResponseWriter, r *http.Request, who operator.Person) error {
	return c.showOperators(w, r, who, http.StatusOK, operatorsView{Fields: operatorFields(operator.Person{})})
}

func (c *Console) showOperators(w http.ResponseWriter, r *http.Request, who operator.Person, status int, view operatorsView) error {
	page, err := c.page(r, who)
	if err != nil {
		return err
	}
	view.Page, view.Roles, view.Passwords = page, operator.Roles, c.Operators.Ways().Passwords
	if c.Provider != nil {
		view.Provider = c.Provider.Name
	}
	if view.Rows, err = c.Operators.Operators(r.Context()); err != nil {
		return err
	}
	return c.ui.Render(w, status, "operators", view)
}

// refusal is err, if it is one that the form's reader can mend.
func refusal(err error) (webui.Notice, bool) {
	if fail.Is(err, fail.Invalid) || fail.Is(err, fail.Conflict) {
		return webui.Notice{Tone: webui.Error, Text: fail.SayOf(err)}, true
	}
	return webui.Notice{}, false
}

// postOperator adds an operator.
func (c *Console) postOperator(w http.ResponseWriter, r *http.Request, who operator.Person) error {
	in, err := form(w, r)
	if err != nil {
		return err
	}
	p := operator.Person{Email: in.Get("email"), Name: in.Get("name"), Role: operator.Role(in.Get("role"))}
	if !c.Operators.Ways().Passwords {
		return fail.New(fail.Conflict, "no_passwords", "Passwords are switched off: people are let in by the sign-in provider.")
	}
	_, err = c.Operators.Add(r.Context(), actor(r, who), p, in.Get("password"))
	if notice, ok := refusal(err); ok {
		return c.showOperators(w, r, who, http.StatusUnprocessableEntity, operatorsView{Fields: operatorFields(p), Notice: notice})
	}
	if err != nil {
		return err
	}
	seeOther(w, r, "/console/operators")
	return nil
}

// postRole gives an operator another role.
func (c *Console) postRole(w http.ResponseWriter, r *http.Request, who operator.Person) error {
	in, err := form(w, r)
	if err != nil {
		return err
	}
	return c.changed(w, r, who, c.Operators.ChangeRole(r.Context(), actor(r, who), operator.ID(r.PathValue("id")), operator.Role(in.Get("role"))))
}

// postRemove takes an operator's access away.
func (c *Console) postRemove(w http.ResponseWriter, r *http.Request, who operator.Person) error {
	return c.changed(w, r, who, c.Operators.Remove(r.Context(), actor(r, who), operator.ID(r.PathValue("id"))))
}

func (c *Console) changed(w http.ResponseWriter, r *http.Request, who operator.Person, err error) error {
	if notice, ok := refusal(err); ok {
		return c.showOperators(w, r, who, http.StatusConflict, operatorsView{Fields: operatorFields(operator.Person{}), Notice: notice})
	}
	if err != nil {
		return err
	}
	seeOther(w, r, "/console/operators")
	return nil
}

type settingsView struct {
	Page
	Settings []Setting
	Products []productRow
}

// productRow is one configured product.
type productRow struct {
	Code, Title, Pricing string
	Dimensions           []string
}

// getSettings shows what the gateway was told from outside, without its secrets.
func (c *Console) getSettings(w http.ResponseWriter, r *http.Request, who operator.Person) error {
	page, err := c.page(r, who)
	if err != nil {
		return err
	}
	view := settingsView{Page: page, Settings: c.Settings}
	for _, p := range c.Products {
		row := productRow{Code: string(p.Code), Title: p.Title, Pricing: webui.Words(p.Pricing)}
		for _, m := range p.Dimensions {
			row.Dimensions = append(row.Dimensions, nameOf(m)+" ("+string(m.Key)+")")
		}
		view.Products = append(view.Products, row)
	}
	return c.ui.Render(w, http.StatusOK, "settings", view)
}

// WithoutPassword is a database's URL as it may be shown.
func WithoutPassword(dbURL string) string {
	u, err := url.Parse(dbURL)
	if err != nil {
		return "(unreadable)"
	}
	if u.User != nil {
		u.RawQuery = "" // may hold a password, too
	}
	return u.Redacted()
}
