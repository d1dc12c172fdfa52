package sns

import (
	"encoding/json"
	"strings"
	"unicode/utf8"

	"souk.dev/souk/internal/sandbox/ops/page"
	"souk.dev/souk/internal/sandbox/topic"
	"souk.dev/souk/internal/sandbox/wire"
)

type createTopicInput struct {
	Name       string
	Attributes map[string]string `query:"Attributes.entry,key,value"`
}

type topicOutput struct {
	TopicArn string
}

func (s *Service) createTopic(c *wire.Call, in *createTopicInput) (any, error) {
	if err := required("Name", in.Name); err != nil {
		return nil, err
	}
	arn, err := s.Topics.Create(c.Account, c.Region, in.Name, in.Attributes)
	return &topicOutput{arn}, err
}

type onTopic struct {
	TopicArn string
}

func (s *Service) deleteTopic(c *wire.Call, in *onTopic) (any, error) {
	return nil, s.Topics.Drop(c.Account, c.Region, in.TopicArn)
}

type nextInput struct {
	NextToken string
}

type listTopicsOutput struct {
	Topics    members[topicOutput]
	NextToken *string `xml:",omitempty"`
}

// listTopics lists the caller's own topics; those of AWS Marketplace, which it may subscribe to, are not its own.
func (s *Service) listTopics(c *wire.Call, in *nextInput) (any, error) {
	t, err := turn(in.NextToken, "topics", c.Account, c.Region)
	if err != nil {
		return nil, err
	}
	out := &listTopicsOutput{}
	part, next := page.Cut(s.Topics.Topics(c.Account, c.Region), func(arn string) page.Key { return page.Key{ID: arn} }, false, t)
	for _, arn := range part {
		out.Topics = append(out.Topics, topicOutput{arn})
	}
	out.NextToken = next
	return out, nil
}

type attributesOutput struct {
	Attributes entries
}

func (s *Service) getTopicAttributes(c *wire.Call, in *onTopic) (any, error) {
	attrs, err := s.Topics.Attributes(c.Account, c.Region, in.TopicArn)
	return &attributesOutput{attrs}, err
}

type setTopicAttributesInput struct {
	TopicArn       string
	AttributeName  string
	AttributeValue string
}

func (s *Service) setTopicAttributes(c *wire.Call, in *setTopicAttributesInput) (any, error) {
	return nil, s.Topics.SetAttribute(c.Account, c.Region, in.TopicArn, in.AttributeName, in.AttributeValue)
}

// published is what a publisher gives of one message.
type published struct {
	Message           string
	Subject           string
	MessageStructure  string
	MessageAttributes map[string]attributeValue `query:"MessageAttributes.entry"`
}

type publishInput struct {
	TopicArn    string
	TargetArn   string
	PhoneNumber string
	published
}

type publishOutput struct {
	MessageId string
}

func (s *Service) publish(c *wire.Call, in *publishInput) (any, error) {
	if in.PhoneNumber != "" {
		return nil, refuse(topic.InvalidParameter, "Invalid parameter: PhoneNumber Reason: this sandbox sends no SMS")
	}
	arn := in.TopicArn
	if arn == "" {
		arn = in.TargetArn
	}
	id, err := s.publishOne(c, arn, in.published)
	return &publishOutput{id}, err
}

// maxMessage is how long a message, with its attributes, may be in bytes. Source: API_Publish.
const maxMessage = 256 << 10

func (s *Service) publishOne(c *wire.Call, arn string, in published) (id string, err error) {
	if err := s.Topics.MayPublish(c.Account, c.Region, arn); err != nil {
		return "", err
	}
	attrs, err := taken(in.MessageAttributes)
	if err != nil {
		return "", err
	}
	size := len(in.Message)
	for name, a := range attrs {
		size += len(name) + len(a.Type) + len(a.Value)
	}
	switch {
	case in.Message == "":
		return "", refuse(topic.InvalidParameter, "Invalid parameter: Empty message")
	case size > maxMessage:
		return "", refuse(topic.InvalidParameter, "Invalid parameter: Message too long")
	case !utf8.ValidString(in.Message):
		return "", refuse(topic.InvalidParameter, "Invalid parameter: Message Reason: it must be UTF-8")
	case len(in.Subject) > 100 || strings.ContainsAny(in.Subject, "\r\n"):
		return "", refuse(topic.InvalidParameter, "Invalid parameter: Subject")
	}
	m := topic.Message{ID: s.NewID(), Kind: topic.Notification, Topic: arn, Subject: in.Subject, Text: in.Message, Attributes: attrs, At: c.At}
	switch in.MessageStructure {
	case "":
	case "json":
		if json.Unmarshal([]byte(in.Message), &m.PerWay) != nil || m.PerWay["default"] == "" {
			return "", refuse(topic.InvalidParameter, "Invalid parameter: Message Structure - No default entry in JSON message body")
		}
		m.Text = m.PerWay["default"]
	default:
		return "", refuse(topic.InvalidParameter, "Invalid parameter: MessageStructure")
	}
	return m.ID, s.Publish(c.Account, m)
}

type publishBatchInput struct {
	TopicArn                   string
	PublishBatchRequestEntries []batchEntry `query:"PublishBatchRequestEntries.member"`
}

type batchEntry struct {
	Id string
	published
}

type batchResult struct {
	Id        string
	MessageId string
}

type batchFailure struct {
	Id          string
	Code        string
	Message     string
	SenderFault bool
}

type publishBatchOutput struct {
	Successful members[batchResult]
	Failed     members[batchFailure]
}

// maxBatch is how many messages a batch may have. Source: API_PublishBatch.
const maxBatch = 10

func (s *Service) publishBatch(c *wire.Call, in *publishBatchInput) (any, error) {
	if err := s.Topics.MayPublish(c.Account, c.Region, in.TopicArn); err != nil {
		return nil, err
	}
	ids := map[string]bool{}
	for _, e := range in.PublishBatchRequestEntries {
		if ids[e.Id] {
			return nil, refuse("BatchEntryIdsNotDistinct", "Two or more batch entries in the request have the same Id.")
		}
		ids[e.Id] = true
	}
	switch n := len(in.PublishBatchRequestEntries); {
	case n == 0:
		return nil, refuse("EmptyBatchRequest", "The batch request doesn't contain any entries.")
	case n > maxBatch:
		return nil, refuse("TooManyEntriesInBatchRequest", "The batch request contains more entries than permissible.")
	}
	out := &publishBatchOutput{}
	for _, e := range in.PublishBatchRequestEntries {
		id, err := s.publishOne(c, in.TopicArn, e.published)
		if w, ok := errorOf(err).(*wire.Error); ok {
			out.Failed = append(out.Failed, batchFailure{e.Id, w.Code, w.Message, true})
			continue
		}
		if err != nil {
			return nil, err
		}
		out.Successful = append(out.Successful, batchResult{e.Id, id})
	}
	return out, nil
}
