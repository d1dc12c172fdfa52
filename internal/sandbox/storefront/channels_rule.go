package storefront

import (
	"net/http"
	"net/url"
	"strings"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/sandbox/channel"
	"souk.dev/souk/internal/sandbox/notice"
	"souk.dev/souk/internal/webui"
)

// ruleView is a rule, or one that is to be made.
type ruleView struct {
	Counter
	Rule   channel.Rule // without name: it is not made yet
	Fields []webui.Field
	Wrong  webui.Notice
	Tried  webui.Notice // what came of trying the pattern
	Event  string       // that it was tried on
	Target channelForm
}

// Path is where the rule's forms go.
func (v ruleView) Path() string {
	if v.Rule.Name == "" {
		return channelsPath + "/rules/new"
	}
	return rulePath(v.Rule.Name)
}

func rulePath(name string) string { return channelsPath + "/rules/" + url.PathEscape(name) }

// usualPattern catches everything that AWS Marketplace tells.
const usualPattern = `{"source": ["` + contract.EventSource + `"]}`

// triable is how many of the newest events a pattern can be tried on.
const triable = 20

// getNewRule asks for a rule, and tries its pattern.
func (s *Storefront) getNewRule(w http.ResponseWriter, r *http.Request) error {
	return s.showRule(w, r, http.StatusOK, channel.Rule{Pattern: usualPattern}, r.URL.Query(), webui.Notice{}, webui.Notice{})
}

// getRule shows a rule with its targets, and tries another pattern for it.
func (s *Storefront) getRule(w http.ResponseWriter, r *http.Request) error {
	rule, err := s.opt.Channels.Rule(s.seller(r).AccountID, r.PathValue("rule"))
	if err != nil {
		return err
	}
	return s.showRule(w, r, http.StatusOK, rule, r.URL.Query(), webui.Notice{}, webui.Notice{})
}

// showRule shows a rule with its forms as in fills them.
func (s *Storefront) showRule(w http.ResponseWriter, r *http.Request, status int, rule channel.Rule, in url.Values, wrong, wrongTarget webui.Notice) error {
	v := ruleView{Counter: s.counter(w, r), Rule: rule, Wrong: wrong}
	text := func(name, otherwise string) string {
		if !in.Has(name) {
			return otherwise
		}
		return strings.TrimSpace(in.Get(name))
	}
	if rule.Name == "" {
		v.Fields = append(v.Fields, webui.Field{Name: "name", Label: "Name", Required: true, Value: text("name", ""), MaxLength: 64, Autocomplete: "off"})
	}
	pattern := text("pattern", rule.Pattern)
	v.Fields = append(v.Fields, webui.Field{Name: "description", Label: "Description", Value: text("description", rule.Description), MaxLength: 512, Autocomplete: "off"},
		webui.Field{Name: "pattern", Label: "Event pattern", Type: "textarea", Rows: 6, Code: true, Required: true, Value: pattern, Hint: "JSON: for each member, the values that an event's may have."})
	event := webui.Field{Name: "event", Label: "Try it on", Type: "select", Bare: true, Value: in.Get("event")}
	recent, _ := s.opt.Desk.Newest(notice.Query{Channel: notice.EventBridge, Seller: v.Seller.AccountID, Limit: triable})
	for _, d := range recent {
		event.Options = append(event.Options, webui.Choice{Value: d.ID, Label: d.Kind + ", " + d.HappenedAt.UTC().Format("2 Jan 15:04:05")})
	}
	if len(recent) > 0 {
		v.Fields = append(v.Fields, event)
	}
	if id := in.Get("event"); id != "" {
		v.Tried, v.Event = s.try(pattern, id)
	}
	queues, err := s.opt.Channels.Queues(v.Seller.AccountID)
	if err != nil {
		return err
	}
	v.Target = channelForm{targetFields(queues, in), wrongTarget}
	return s.ui.Render(w, status, "seller_rule", v)
}

// try tells in words whether a pattern matches the event of a delivery.
func (s *Storefront) try(pattern, delivery string) (said webui.Notice, event string) {
	tried, err := s.opt.Channels.Try(channel.Trial{Pattern: pattern, Delivery: delivery})
	switch {
	case err != nil:
		return webui.Notice{Tone: webui.Error, Title: "It could not be tried", Text: sayOf(err)}, ""
	case tried.Matches:
		return webui.Notice{Tone: webui.Success, Title: "It matches", Text: "A rule with this pattern sends this event to its targets."}, tried.Event
	}
	return webui.Notice{Tone: webui.Warn, Title: "It does not match", Text: "A rule with this pattern lets this event pass by."}, tried.Event
}

func targetFields(queues []channel.Queue, in url.Values) []webui.Field {
	to := webui.Field{Name: "queue", Label: "Queue", Type: "select", Bare: true, Value: in.Get("queue"), Options: []webui.Choice{{Label: "An endpoint instead"}}}
	dead := webui.Field{Name: "dead", Label: "What it does not take goes to", Type: "select", Bare: true, Value: in.Get("dead"), Options: []webui.Choice{{Label: "Nowhere"}}}
	for _, q := range queues {
		to.Options = append(to.Options, webui.Choice{Value: q.Name, Label: q.Name})
		dead.Options = append(dead.Options, webui.Choice{Value: q.Name, Label: q.Name})
	}
	return []webui.Field{to,
		{Name: "url", Label: "Endpoint", Value: in.Get("url"), Type: "url", Bare: true, Autocomplete: "off", Hint: "A URL, which EventBridge posts to as an API destination."},
		{Name: "header", Label: "Header with its secret", Value: orElse(in.Get("header"), "X-Souk-Events-Secret"), Bare: true, Autocomplete: "off"},
		{Name: "secret", Label: "Secret", Value: in.Get("secret"), Bare: true, Autocomplete: "off", Hint: "What the endpoint knows EventBridge by."},
		dead}
}

func (s *Storefront) postNewRule(w http.ResponseWriter, r *http.Request) error {
	if err := form(w, r); err != nil {
		return err
	}
	if name := strings.TrimSpace(r.PostForm.Get("name")); name == "new" { // its page has this address
		return s.showRule(w, r, http.StatusUnprocessableEntity, channel.Rule{}, r.PostForm, webui.Notice{Tone: webui.Error, Title: "No rule was made", Text: "Choose another name than new."}, webui.Notice{})
	} else if _, err := s.opt.Channels.Rule(s.seller(r).AccountID, name); err == nil {
		return s.showRule(w, r, http.StatusUnprocessableEntity, channel.Rule{}, r.PostForm, webui.Notice{Tone: webui.Error, Title: "No rule was made", Text: "There is a rule " + name + " already; choose another name."}, webui.Notice{})
	}
	return s.putRule(w, r, channel.Rule{}, strings.TrimSpace(r.PostForm.Get("name")))
}

func (s *Storefront) postRule(w http.ResponseWriter, r *http.Request) error {
	if err := form(w, r); err != nil {
		return err
	}
	rule, err := s.opt.Channels.Rule(s.seller(r).AccountID, r.PathValue("rule"))
	if err != nil {
		return err
	}
	return s.putRule(w, r, rule, rule.Name)
}

// putRule makes a rule as the form says, or changes have; a form that was not filled in well is shown again.
func (s *Storefront) putRule(w http.ResponseWriter, r *http.Request, have channel.Rule, name string) error {
	in := channel.NewRule{Name: name, Pattern: strings.TrimSpace(r.PostForm.Get("pattern")), Description: strings.TrimSpace(r.PostForm.Get("description"))}
	rule, err := s.opt.Channels.PutRule(s.seller(r).AccountID, in)
	if refused(err) {
		return s.showRule(w, r, http.StatusUnprocessableEntity, have, r.PostForm, webui.Notice{Tone: webui.Error, Title: "The rule was not kept", Text: sayOf(err)}, webui.Notice{})
	}
	if err != nil {
		return err
	}
	note := webui.Notice{Tone: webui.Success, Title: "The rule is kept", Text: "It counts for every event from now on."}
	if len(rule.Targets) == 0 {
		note.Text += " Give it a target, or its events reach nobody."
	}
	return s.back(w, r, rulePath(rule.Name), note)
}

// postRuleAct enables, disables or deletes a rule.
func (s *Storefront) postRuleAct(w http.ResponseWriter, r *http.Request) error {
	seller, name := s.seller(r).AccountID, r.PathValue("rule")
	switch act := r.PathValue("act"); act {
	case "enable", "disable":
		_, err := s.opt.Channels.SwitchRule(seller, name, act == "enable")
		return s.done(w, r, rulePath(name), err, "The rule is "+act+"d", "")
	case "delete":
		return s.done(w, r, channelsPath, s.opt.Channels.DropRule(seller, name), "The rule is deleted", "Its events go nowhere, unless another rule matches them.")
	default:
		return fail.New(fail.NotFound, "unknown_act", "Nobody can %q a rule.", act)
	}
}

// postTarget gives a rule a target.
func (s *Storefront) postTarget(w http.ResponseWriter, r *http.Request) error {
	if err := form(w, r); err != nil {
		return err
	}
	seller, name := s.seller(r).AccountID, r.PathValue("rule")
	get := func(name string) string { return strings.TrimSpace(r.PostForm.Get(name)) }
	in := channel.NewTarget{Queue: get("queue"), DeadLetterQueue: get("dead")}
	if in.Queue == "" {
		in.URL, in.Header, in.Secret = get("url"), get("header"), get("secret")
	}
	_, err := s.opt.Channels.AddTarget(seller, name, in)
	if !refused(err) {
		return s.done(w, r, rulePath(name), err, "The rule has another target", "It gets every event that matches, from now on.")
	}
	rule, gone := s.opt.Channels.Rule(seller, name)
	if gone != nil {
		return gone
	}
	return s.showRule(w, r, http.StatusUnprocessableEntity, rule, r.PostForm, webui.Notice{}, webui.Notice{Tone: webui.Error, Title: "No target was added", Text: sayOf(err)})
}

// postTargetDelete takes a target away from a rule.
func (s *Storefront) postTargetDelete(w http.ResponseWriter, r *http.Request) error {
	name := r.PathValue("rule")
	return s.done(w, r, rulePath(name), s.opt.Channels.DropTarget(s.seller(r).AccountID, name, r.PathValue("target")), "The target is gone", "")
}
