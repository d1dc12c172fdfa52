package storefront

import (
	"net/http"
	"strconv"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/sandbox/channel"
	"souk.dev/souk/internal/sandbox/notice"
	"souk.dev/souk/internal/sandbox/queue"
	"souk.dev/souk/internal/webui"
)

// messagesOnPage is how many messages of a queue its page shows at a time.
const messagesOnPage = 25

// queueView is a queue with what is in it.
type queueView struct {
	Counter
	Queue    channel.Queue
	Standing bool // every seller has it, from the start
	Messages []channel.Message
	All      int // messages in it, those that are with somebody too
	From     int // how many are older than the first one shown
	Later    string
	Moves    []Moved
	Moving   bool
	Nothing  webui.Empty
}

// Moved is a task that moves dead letters, in words.
type Moved struct {
	channel.Move
	Tone webui.Tone
	To   string // the name of the queue; empty: back where they came from
}

// getQueue shows a queue with what is in it. Looking receives nothing.
func (s *Storefront) getQueue(w http.ResponseWriter, r *http.Request) error {
	v := queueView{Counter: s.counter(w, r), Nothing: webui.Empty{Title: "Nothing is in it", Text: "What comes is shown here until somebody has received and deleted it."}}
	name := r.PathValue("queue")
	var err error
	if v.Queue, err = s.opt.Channels.Queue(v.Seller.AccountID, name); err != nil {
		return err
	}
	v.Standing = name == notice.DefaultQueue
	if text := r.URL.Query().Get("from"); text != "" {
		if v.From, err = strconv.Atoi(text); err != nil || v.From < 0 {
			return fail.New(fail.Invalid, "from", "%q is no place in a queue; go back to its first page.", text)
		}
	}
	if v.Messages, v.All, err = s.opt.Channels.Messages(v.Seller.AccountID, name, v.From, messagesOnPage); err != nil {
		return err
	}
	if next := v.From + len(v.Messages); next < v.All {
		v.Later = queuePath(name) + "?from=" + strconv.Itoa(next)
	}
	tones := map[queue.MoveStatus]webui.Tone{queue.MoveRunning: webui.Info, queue.MoveCompleted: webui.Success, queue.MoveCancelled: webui.Neutral, queue.MoveFailed: webui.Error}
	for _, m := range v.Queue.Moves {
		v.Moves = append(v.Moves, Moved{m, tones[m.Status], channel.NameIn(m.Destination)})
		v.Moving = v.Moving || m.Status == queue.MoveRunning
	}
	return s.ui.Render(w, http.StatusOK, "seller_queue", v)
}

// postQueueAct sends a queue's dead letters back, stops that, or deletes the queue.
func (s *Storefront) postQueueAct(w http.ResponseWriter, r *http.Request) error {
	if err := form(w, r); err != nil {
		return err
	}
	seller, name := s.seller(r).AccountID, r.PathValue("queue")
	switch act := r.PathValue("act"); act {
	case "redrive":
		m, err := s.opt.Channels.Redrive(seller, name, channel.Redrive{To: r.PostForm.Get("to")})
		if err == nil && m.Status == queue.MoveFailed {
			return s.back(w, r, queuePath(name), webui.Notice{Tone: webui.Error, Title: "Not all were sent back", Text: m.Why + ": what EventBridge, SNS or a program put here itself has no queue to go back to."})
		}
		return s.done(w, r, queuePath(name), err, "Sent back", strconv.Itoa(m.Moved)+" messages are where they came from, to be received again.")
	case "cancel":
		_, err := s.opt.Channels.CancelRedrive(seller, name)
		return s.done(w, r, queuePath(name), err, "Stopped", "What has not been sent back stays here.")
	case "delete":
		return s.done(w, r, channelsPath, s.opt.Channels.DropQueue(seller, name), "The queue is deleted", "With all that was in it.")
	default:
		return fail.New(fail.NotFound, "unknown_act", "Nobody can %q a queue.", act)
	}
}
