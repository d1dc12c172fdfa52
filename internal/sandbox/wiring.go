package sandbox

import (
	"souk.dev/souk/internal/sandbox/bus"
	"souk.dev/souk/internal/sandbox/notice"
	"souk.dev/souk/internal/sandbox/ops/eventbridge"
	"souk.dev/souk/internal/sandbox/ops/sns"
	"souk.dev/souk/internal/sandbox/topic"
	"souk.dev/souk/internal/sandbox/world"
)

// wireUp makes the channels of notices, and what delivers them. Unless the world's file says that sellers' integrations
// see to it, all notices of a seller are led to its default queue.
func (s *Sandbox) wireUp(base func() string) (err error) {
	wired, rules := notice.DefaultQueue, notice.BuiltinRules(s.cfg.World.Sellers)
	if s.cfg.World.Wiring == world.OwnWiring {
		wired, rules = "", nil
	}
	s.topics = topic.New(topic.Options{Clock: s.clock, NewID: newUUID, Log: s.keepTopic, Base: base, Wired: wired,
		Confirm: func(to topic.Subscription, m topic.Message) error { return s.desk.Post(notice.PostConfirmation(to, m)) }})
	if s.bus, err = bus.New(bus.Options{Clock: s.clock, NewID: newUUID, Log: s.keepBus, Builtin: rules}); err != nil {
		return err
	}
	s.desk = notice.NewDesk(notice.Options{Clock: s.clock, Queue: s.queues, Topics: s.topics, Bus: s.bus, Record: s.keepNotice, Log: s.log,
		Ready: func() { s.time.nudge() }, Draw: s.disturb})
	return nil
}

// sns is the API of the topics, and of the links in their messages.
func (s *Sandbox) sns() *sns.Service {
	return &sns.Service{Topics: s.topics, Products: s.world.Products, NewID: newUUID,
		Publish: func(account string, m topic.Message) error { return s.desk.Post(notice.PostMessage(account, m)) }}
}

// eventbridge is the API of the rules.
func (s *Sandbox) eventbridge() *eventbridge.Service {
	return &eventbridge.Service{Bus: s.bus, NewID: newUUID,
		Put: func(e bus.Event, detailType string) error { return s.desk.Post(notice.PostEvent(e, detailType)) }}
}
