package sns

import (
	"errors"
	"net/http"

	"souk.dev/souk/internal/sandbox/topic"
	"souk.dev/souk/internal/sandbox/wire"
)

// IsLink reports whether r follows a link of an SNS message: SubscribeURL or UnsubscribeURL.
func IsLink(r *http.Request) bool {
	if r.Method != http.MethodGet || r.URL.Path != "/" {
		return false
	}
	action := r.URL.Query().Get("Action")
	return action == "ConfirmSubscription" || action == "Unsubscribe"
}

// ServeLink answers a link of an SNS message, which needs no signature: whoever got the message may follow it.
func (s *Service) ServeLink(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	c := &wire.Call{RequestID: s.NewID(), Operation: q.Get("Action")}
	var out any
	var err error
	if c.Operation == "ConfirmSubscription" {
		var arn string
		arn, err = s.Topics.Confirm(q.Get("TopicArn"), q.Get("Token"), false)
		out = &subscriptionOutput{arn}
	} else {
		err = s.Topics.Unsubscribe("", q.Get("SubscriptionArn"))
	}
	a := wire.AnswerQuery(c, namespace, out)
	if err != nil {
		e := &wire.Error{Code: internalError, Message: "The request processing has failed.", Status: http.StatusInternalServerError}
		if refused, ok := errors.AsType[*topic.Error](err); ok {
			e = &wire.Error{Code: string(refused.Code), Message: refused.Say, Status: http.StatusBadRequest}
			if refused.Code == topic.Unauthorized {
				e.Status = http.StatusForbidden
			}
		}
		a = writeError(c, e)
	}
	w.Header().Set("Content-Type", a.ContentType)
	w.WriteHeader(a.Status)
	_, _ = w.Write(a.Body) // a client that has gone is told nothing
}
