package storefront

import (
	"net/http"
	"net/url"
	"strings"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/httpx"
	"souk.dev/souk/internal/sandbox/channel"
	"souk.dev/souk/internal/sandbox/topic"
	"souk.dev/souk/internal/webui"
)

const channelsPath = "/seller/channels"

// mountChannels gives a seller's topics, rules and queues their pages.
func (s *Storefront) mountChannels(handle func(pattern string, f httpx.Func)) {
	if s.opt.Channels == nil {
		return
	}
	handle("GET /seller/channels", s.getChannels)
	handle("POST /seller/channels/subscriptions", s.postSubscription)
	handle("POST /seller/channels/subscriptions/{subscription}/{act}", s.postSubscriptionAct)
	handle("GET /seller/channels/rules/new", s.getNewRule)
	handle("POST /seller/channels/rules/new", s.postNewRule)
	handle("GET /seller/channels/rules/{rule}", s.getRule)
	handle("POST /seller/channels/rules/{rule}", s.postRule)
	handle("POST /seller/channels/rules/{rule}/{act}", s.postRuleAct)
	handle("POST /seller/channels/rules/{rule}/targets", s.postTarget)
	handle("POST /seller/channels/rules/{rule}/targets/{target}/delete", s.postTargetDelete)
	handle("POST /seller/channels/queues", s.postQueue)
	handle("GET /seller/channels/queues/{queue}", s.getQueue)
	handle("POST /seller/channels/queues/{queue}/{act}", s.postQueueAct)
}

// channelsView is by which ways a seller is told of what its buyers do.
type channelsView struct {
	Counter
	Region    string
	Topics    []HeardTopic
	Rules     []channel.Rule
	Queues    []channel.Queue
	Subscribe channelForm // empty where there is no topic
	NewQueue  channelForm
	Silence   webui.Empty // instead of topics
	NoRules   webui.Empty // instead of rules
}

// channelForm is a form that stays folded until it is wanted, or was filled in wrongly.
type channelForm struct {
	Fields []webui.Field
	Wrong  webui.Notice
}

// Open says that the form is not folded.
func (f channelForm) Open() bool { return f.Wrong.Title != "" }

// HeardTopic is a topic with who hears it.
type HeardTopic struct {
	channel.Topic
	Name  string // the last part of its ARN
	Title string // what it is for people: whose, and for what
}

func heard(t channel.Topic) HeardTopic {
	h := HeardTopic{t, channel.NameIn(t.ARN), "A topic of your own"}
	switch {
	case t.Product == "":
	case t.ARN == topic.Subscriptions(t.Product):
		h.Title = t.Title + ", subscriptions"
	default:
		h.Title = t.Title + ", entitlements"
	}
	return h
}

// getChannels lists a seller's topics with their subscriptions, its rules with their targets, and its queues.
func (s *Storefront) getChannels(w http.ResponseWriter, r *http.Request) error {
	return s.showChannels(w, r, http.StatusOK, url.Values{}, webui.Notice{}, webui.Notice{})
}

// showChannels shows the page with the forms as in fills them; wrong and wrongQueue say what is wrong with one of them.
func (s *Storefront) showChannels(w http.ResponseWriter, r *http.Request, status int, in url.Values, wrong, wrongQueue webui.Notice) error {
	v := channelsView{Counter: s.counter(w, r), Region: channel.Region,
		Silence: webui.Empty{Title: "No topics", Text: "AWS Marketplace has topics for products that are known by customer identifier. Of all others, events tell."},
		NoRules: webui.Empty{Title: "No rules", Text: "Events that no rule matches reach nobody.", Href: channelsPath + "/rules/new", Label: "Make a rule"}}
	topics, err := s.opt.Channels.Topics(v.Seller.AccountID)
	if err != nil {
		return err
	}
	for _, t := range topics {
		v.Topics = append(v.Topics, heard(t))
	}
	v.Rules = s.opt.Channels.Rules(v.Seller.AccountID)
	if v.Queues, err = s.opt.Channels.Queues(v.Seller.AccountID); err != nil {
		return err
	}
	v.Subscribe = channelForm{subscribeFields(v.Topics, in), wrong}
	v.NewQueue = channelForm{queueFields(v.Queues, in), wrongQueue}
	return s.ui.Render(w, status, "seller_channels", v)
}

func subscribeFields(topics []HeardTopic, in url.Values) []webui.Field {
	if len(topics) == 0 {
		return nil
	}
	which := webui.Field{Name: "topic", Label: "Topic", Type: "select", Required: true, Value: in.Get("topic")}
	for _, t := range topics {
		label := t.Title
		if t.Product == "" {
			label = t.Name
		}
		which.Options = append(which.Options, webui.Choice{Value: t.ARN, Label: label})
	}
	return []webui.Field{which,
		{Name: "endpoint", Label: "Endpoint", Required: true, Value: in.Get("endpoint"), Autocomplete: "off", Hint: "A URL, the name of one of your queues, or the ARN of another's."},
		{Name: "filter", Label: "Filter policy", Code: true, Value: in.Get("filter"), Autocomplete: "off", Hint: `JSON, such as {"action":["subscribe-success"]}; it looks at the message's text.`},
		{Name: "raw", Label: "Send the message alone, without SNS's envelope", Type: "checkbox", Checked: in.Get("raw") != ""}}
}

func queueFields(queues []channel.Queue, in url.Values) []webui.Field {
	dead := webui.Field{Name: "dead", Label: "Dead letters go to", Type: "select", Bare: true, Value: in.Get("dead"), Options: []webui.Choice{{Label: "Nowhere"}}}
	for _, q := range queues {
		dead.Options = append(dead.Options, webui.Choice{Value: q.Name, Label: q.Name})
	}
	return []webui.Field{{Name: "queue", Label: "Name", Required: true, Value: in.Get("queue"), MaxLength: 80, Autocomplete: "off"}, dead}
}

// postSubscription subscribes an endpoint or a queue to a topic.
func (s *Storefront) postSubscription(w http.ResponseWriter, r *http.Request) error {
	if err := form(w, r); err != nil {
		return err
	}
	get := func(name string) string { return strings.TrimSpace(r.PostForm.Get(name)) }
	in := channel.NewSubscription{Topic: get("topic"), Endpoint: get("endpoint"), Protocol: protocolOf(get("endpoint")), Attributes: map[string]string{}}
	if get("raw") != "" {
		in.Attributes[topic.RawMessageDelivery] = "true"
	}
	if f := get("filter"); f != "" {
		in.Attributes[topic.FilterPolicy], in.Attributes[topic.FilterPolicyScope] = f, topic.ByBody
	}
	sub, err := s.opt.Channels.Subscribe(s.seller(r).AccountID, in)
	if refused(err) {
		return s.showChannels(w, r, http.StatusUnprocessableEntity, r.PostForm, webui.Notice{Tone: webui.Error, Title: "Nobody was subscribed", Text: sayOf(err)}, webui.Notice{})
	}
	if err != nil {
		return err
	}
	note := webui.Notice{Tone: webui.Success, Title: "Subscribed", Text: "From now on the messages go to " + sub.Endpoint + ", too."}
	if !sub.Confirmed {
		note = webui.Notice{Tone: webui.Info, Title: "Waiting for the endpoint", Text: "It was sent a SubscriptionConfirmation, and hears nothing before it follows the SubscribeURL in it. You can confirm in its place."}
	}
	return s.back(w, r, channelsPath, note)
}

// protocolOf is the protocol of SNS for an endpoint.
func protocolOf(endpoint string) string {
	for _, p := range []string{topic.HTTP, topic.HTTPS} {
		if strings.HasPrefix(endpoint, p+"://") {
			return p
		}
	}
	return topic.SQS
}

// refused says that err is for the person at the form to mend.
func refused(err error) bool {
	return fail.Is(err, fail.Invalid) || fail.Is(err, fail.Conflict) || fail.Is(err, fail.NotFound)
}

// back shows a page with what an act has to say.
func (s *Storefront) back(w http.ResponseWriter, r *http.Request, path string, note webui.Notice) error {
	s.notes.leave(w, note)
	http.Redirect(w, r, path, http.StatusSeeOther)
	return nil
}

// done is back for an act that succeeded, or was refused with err.
func (s *Storefront) done(w http.ResponseWriter, r *http.Request, path string, err error, title, text string) error {
	if refused(err) {
		return s.back(w, r, path, webui.Notice{Tone: webui.Error, Title: "Nothing was changed", Text: sayOf(err)})
	}
	if err != nil {
		return err
	}
	return s.back(w, r, path, webui.Notice{Tone: webui.Success, Title: title, Text: text})
}

// postSubscriptionAct confirms a subscription in its endpoint's place, or ends it.
func (s *Storefront) postSubscriptionAct(w http.ResponseWriter, r *http.Request) error {
	seller, arn := s.seller(r).AccountID, r.PathValue("subscription")
	switch act := r.PathValue("act"); act {
	case "confirm":
		_, err := s.opt.Channels.Confirm(seller, arn)
		return s.done(w, r, channelsPath, err, "Confirmed", "As if the endpoint had followed the link in its confirmation.")
	case "delete":
		return s.done(w, r, channelsPath, s.opt.Channels.Unsubscribe(seller, arn), "The subscription is ended", "Nothing more goes there.")
	default:
		return fail.New(fail.NotFound, "unknown_act", "Nobody can %q a subscription.", act)
	}
}

// postQueue makes a queue.
func (s *Storefront) postQueue(w http.ResponseWriter, r *http.Request) error {
	if err := form(w, r); err != nil {
		return err
	}
	in := channel.NewQueue{Name: strings.TrimSpace(r.PostForm.Get("queue")), DeadLetterQueue: r.PostForm.Get("dead")}
	q, err := s.opt.Channels.CreateQueue(s.seller(r).AccountID, in)
	if refused(err) {
		return s.showChannels(w, r, http.StatusUnprocessableEntity, r.PostForm, webui.Notice{}, webui.Notice{Tone: webui.Error, Title: "No queue was made", Text: sayOf(err)})
	}
	if err != nil {
		return err
	}
	return s.back(w, r, queuePath(q.Name), webui.Notice{Tone: webui.Success, Title: "The queue is there", Text: "EventBridge and SNS may send to it; a rule or a subscription has to lead something there."})
}

func queuePath(name string) string { return channelsPath + "/queues/" + url.PathEscape(name) }
