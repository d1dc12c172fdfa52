package control

import (
	"net/http"
	"strconv"

	"souk.dev/souk/internal/httpx"
	"souk.dev/souk/internal/sandbox/channel"
	"souk.dev/souk/internal/sandbox/notice"
)

// The calls of this file are about one seller's channels: the one that ?sellerAccountId= names, or the default one.

func (c *Control) sellerOf(r *http.Request) (string, error) {
	account := r.URL.Query().Get("sellerAccountId")
	if account == "" {
		return c.opt.World.DefaultSeller(), nil
	}
	_, err := c.opt.World.Seller(account)
	return account, err
}

// ofSeller is a call about one seller's channels.
func (c *Control) ofSeller(f func(w http.ResponseWriter, r *http.Request, seller string) error) httpx.Func {
	return func(w http.ResponseWriter, r *http.Request) error {
		seller, err := c.sellerOf(r)
		if err != nil {
			return err
		}
		return f(w, r, seller)
	}
}

func (c *Control) channelCalls() map[string]httpx.Func {
	return map[string]httpx.Func{
		"GET /_sandbox/topics":                        c.ofSeller(c.getTopics),
		"POST /_sandbox/subscriptions":                c.ofSeller(c.postSubscription),
		"POST /_sandbox/subscriptions/{id}/confirm":   c.ofSeller(c.postConfirm),
		"DELETE /_sandbox/subscriptions/{id}":         c.ofSeller(c.deleteSubscription),
		"GET /_sandbox/rules":                         c.ofSeller(c.getRules),
		"POST /_sandbox/rules":                        c.ofSeller(c.postRule),
		"GET /_sandbox/rules/{id}":                    c.ofSeller(c.getRule),
		"POST /_sandbox/rules/{id}/{act}":             c.ofSeller(c.postRuleAct),
		"DELETE /_sandbox/rules/{id}":                 c.ofSeller(c.deleteRule),
		"POST /_sandbox/rules/{id}/targets":           c.ofSeller(c.postTarget),
		"DELETE /_sandbox/rules/{id}/targets/{other}": c.ofSeller(c.deleteTarget),
		"POST /_sandbox/pattern-trials":               c.postTrial,
		"GET /_sandbox/queues":                        c.ofSeller(c.getQueues),
		"POST /_sandbox/queues":                       c.ofSeller(c.postQueue),
		"GET /_sandbox/queues/{id}":                   c.ofSeller(c.getQueue),
		"DELETE /_sandbox/queues/{id}":                c.ofSeller(c.deleteQueue),
		"GET /_sandbox/queues/{id}/messages":          c.ofSeller(c.getMessages),
		"POST /_sandbox/queues/{id}/redrive":          c.ofSeller(c.postRedrive),
		"DELETE /_sandbox/queues/{id}/redrive":        c.ofSeller(c.deleteRedrive),
		"GET /_sandbox/deliveries/{id}/attempts":      c.getSent,
	}
}

func (c *Control) getTopics(w http.ResponseWriter, r *http.Request, seller string) error {
	all, err := c.opt.Channels.Topics(seller)
	if err != nil {
		return err
	}
	return answerSlice(w, r, all)
}

func (c *Control) postSubscription(w http.ResponseWriter, r *http.Request, seller string) error {
	var in channel.NewSubscription
	if err := httpx.Decode(w, r, &in); err != nil {
		return err
	}
	sub, err := c.opt.Channels.Subscribe(seller, in)
	return c.acting(w, r, http.StatusCreated, sub, err)
}

func (c *Control) postConfirm(w http.ResponseWriter, r *http.Request, seller string) error {
	if err := noBody(w, r); err != nil {
		return err
	}
	sub, err := c.opt.Channels.Confirm(seller, r.PathValue("id"))
	return c.acting(w, r, http.StatusOK, sub, err)
}

func (c *Control) deleteSubscription(w http.ResponseWriter, r *http.Request, seller string) error {
	return gone(w, c.opt.Channels.Unsubscribe(seller, r.PathValue("id")))
}

// gone answers a deletion.
func gone(w http.ResponseWriter, err error) error {
	if err == nil {
		w.WriteHeader(http.StatusNoContent)
	}
	return err
}

func (c *Control) getRules(w http.ResponseWriter, r *http.Request, seller string) error {
	return answerSlice(w, r, c.opt.Channels.Rules(seller))
}

func (c *Control) getRule(w http.ResponseWriter, r *http.Request, seller string) error {
	rule, err := c.opt.Channels.Rule(seller, r.PathValue("id"))
	return answer(w, http.StatusOK, rule, err)
}

func (c *Control) postRule(w http.ResponseWriter, r *http.Request, seller string) error {
	var in channel.NewRule
	if err := httpx.Decode(w, r, &in); err != nil {
		return err
	}
	rule, err := c.opt.Channels.PutRule(seller, in)
	return answer(w, http.StatusOK, rule, err)
}

func (c *Control) postRuleAct(w http.ResponseWriter, r *http.Request, seller string) error {
	act := r.PathValue("act")
	if act != "enable" && act != "disable" {
		return noSuchCall(w, r)
	}
	if err := noBody(w, r); err != nil {
		return err
	}
	rule, err := c.opt.Channels.SwitchRule(seller, r.PathValue("id"), act == "enable")
	return answer(w, http.StatusOK, rule, err)
}

func (c *Control) deleteRule(w http.ResponseWriter, r *http.Request, seller string) error {
	return gone(w, c.opt.Channels.DropRule(seller, r.PathValue("id")))
}

func (c *Control) postTarget(w http.ResponseWriter, r *http.Request, seller string) error {
	var in channel.NewTarget
	if err := httpx.Decode(w, r, &in); err != nil {
		return err
	}
	rule, err := c.opt.Channels.AddTarget(seller, r.PathValue("id"), in)
	return answer(w, http.StatusCreated, rule, err)
}

func (c *Control) deleteTarget(w http.ResponseWriter, r *http.Request, seller string) error {
	return gone(w, c.opt.Channels.DropTarget(seller, r.PathValue("id"), r.PathValue("other")))
}

func (c *Control) postTrial(w http.ResponseWriter, r *http.Request) error {
	var in channel.Trial
	if err := httpx.Decode(w, r, &in); err != nil {
		return err
	}
	tried, err := c.opt.Channels.Try(in)
	return answer(w, http.StatusOK, tried, err)
}

func (c *Control) getQueues(w http.ResponseWriter, r *http.Request, seller string) error {
	all, err := c.opt.Channels.Queues(seller)
	if err != nil {
		return err
	}
	return answerSlice(w, r, all)
}

func (c *Control) postQueue(w http.ResponseWriter, r *http.Request, seller string) error {
	var in channel.NewQueue
	if err := httpx.Decode(w, r, &in); err != nil {
		return err
	}
	q, err := c.opt.Channels.CreateQueue(seller, in)
	return answer(w, http.StatusCreated, q, err)
}

func (c *Control) getQueue(w http.ResponseWriter, r *http.Request, seller string) error {
	q, err := c.opt.Channels.Queue(seller, r.PathValue("id"))
	return answer(w, http.StatusOK, q, err)
}

func (c *Control) deleteQueue(w http.ResponseWriter, r *http.Request, seller string) error {
	return gone(w, c.opt.Channels.DropQueue(seller, r.PathValue("id")))
}

func (c *Control) getMessages(w http.ResponseWriter, r *http.Request, seller string) error {
	p, err := pageOf(r.URL.Query())
	if err != nil {
		return err
	}
	items, all, err := c.opt.Channels.Messages(seller, r.PathValue("id"), int(p.after), p.limit)
	if err != nil {
		return err
	}
	out := httpx.List[channel.Message]{Items: items}
	if next := int(p.after) + len(items); next < all {
		out.Next = strconv.Itoa(next)
	}
	return httpx.JSON(w, http.StatusOK, out)
}

func (c *Control) postRedrive(w http.ResponseWriter, r *http.Request, seller string) error {
	var in channel.Redrive
	if err := optional(w, r, &in); err != nil {
		return err
	}
	m, err := c.opt.Channels.Redrive(seller, r.PathValue("id"), in)
	return c.acting(w, r, http.StatusCreated, m, err)
}

func (c *Control) deleteRedrive(w http.ResponseWriter, r *http.Request, seller string) error {
	m, err := c.opt.Channels.CancelRedrive(seller, r.PathValue("id"))
	return answer(w, http.StatusOK, m, err)
}

// getSent answers what each attempt of a delivery puts on its way.
func (c *Control) getSent(w http.ResponseWriter, r *http.Request) error {
	all, err := c.opt.Desk.Sent(r.PathValue("id"))
	return answer(w, http.StatusOK, httpx.List[notice.Sent]{Items: all}, err)
}
