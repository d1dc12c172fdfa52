package awsapi

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/intake"
)

// Limits of SQS. Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html
const (
	mostMessages = 10 // of one ReceiveMessage, and of one DeleteMessageBatch
	longPoll     = 20 // seconds that ReceiveMessage waits at most
)

// callLimit ends a call, retries included, that hangs; a long poll is given its wait besides.
const callLimit = 30 * time.Second

// Queue reads one SQS queue. It fulfils intake.Queue. How long a received message stays hidden is the queue's own
// setting (30 s unless changed), which is long for a transaction or two.
type Queue struct {
	client *sqs.Client
	url    string
}

var _ intake.Queue = (*Queue)(nil)

// queueRegion finds the region in a queue's URL.
var queueRegion = regexp.MustCompile(`^(?:sqs\.|queue\.)?([a-z]{2}(?:-[a-z]+)+-\d+)\.(?:queue\.)?(?:amazonaws\.com|api\.aws)`)

// NewQueue reads the queue that queueURL names. A queue of AWS's is asked in the region that its URL names, wherever
// else the configuration is.
//
// Errors: fail.Invalid if queueURL is not a queue's URL.
func NewQueue(cfg aws.Config, queueURL string) (*Queue, error) {
	u, err := url.Parse(queueURL)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, fail.New(fail.Invalid, "queue_url", "The queue %q is not a URL; give the queue's URL as the SQS console shows it, such as https://sqs.us-east-1.amazonaws.com/123456789012/souk.", queueURL)
	}
	client := sqs.NewFromConfig(cfg, func(o *sqs.Options) {
		if region := regionOf(queueURL); region != "" {
			o.Region = region
		}
	})
	return &Queue{client: client, url: queueURL}, nil
}

// regionOf is the region that a queue's URL names; empty where it names none, as a sandbox's does not.
func regionOf(queueURL string) string {
	if u, err := url.Parse(queueURL); err == nil {
		if m := queueRegion.FindStringSubmatch(u.Hostname()); m != nil {
			return m[1]
		}
	}
	return ""
}

// Receive implements [intake.Queue].
func (q *Queue) Receive(ctx context.Context, wait bool) ([]intake.Message, error) {
	in := &sqs.ReceiveMessageInput{
		QueueUrl: &q.url, MaxNumberOfMessages: mostMessages,
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameSentTimestamp},
	}
	limit := callLimit
	if wait {
		in.WaitTimeSeconds = longPoll
		limit += longPoll * time.Second
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	out, err := q.client.ReceiveMessage(ctx, in)
	if err != nil {
		return nil, fail.Wrap(fail.Later, err, outcome(err), "The queue of AWS's notices does not answer.")
	}
	var ms []intake.Message
	for _, m := range out.Messages {
		ms = append(ms, intake.Message{ID: aws.ToString(m.MessageId), Receipt: aws.ToString(m.ReceiptHandle), Body: aws.ToString(m.Body),
			SentAt: sentAt(m.Attributes[string(types.MessageSystemAttributeNameSentTimestamp)])})
	}
	return ms, nil
}

// sentAt reads SentTimestamp: milliseconds since the epoch.
func sentAt(s string) time.Time {
	ms, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// Remove implements [intake.Queue].
func (q *Queue) Remove(ctx context.Context, ms []intake.Message) error {
	var failed []error
	for len(ms) > 0 {
		n := min(len(ms), mostMessages)
		if err := q.removeBatch(ctx, ms[:n]); err != nil {
			failed = append(failed, err)
		}
		ms = ms[n:]
	}
	return errors.Join(failed...)
}

func (q *Queue) removeBatch(ctx context.Context, ms []intake.Message) error {
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	in := &sqs.DeleteMessageBatchInput{QueueUrl: &q.url}
	for i, m := range ms {
		in.Entries = append(in.Entries, types.DeleteMessageBatchRequestEntry{Id: aws.String(strconv.Itoa(i)), ReceiptHandle: aws.String(m.Receipt)})
	}
	out, err := q.client.DeleteMessageBatch(ctx, in)
	if err != nil {
		return fail.Wrap(fail.Later, err, "queue", "The queue of AWS's notices does not answer.")
	}
	for _, f := range out.Failed {
		err = errors.Join(err, fmt.Errorf("message %s: %s: %s", aws.ToString(f.Id), aws.ToString(f.Code), aws.ToString(f.Message)))
	}
	return err
}
