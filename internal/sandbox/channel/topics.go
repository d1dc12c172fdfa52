package channel

import (
	"souk.dev/souk/internal/sandbox/topic"
)

// Topic is a topic that a seller may hear, with who does.
type Topic struct {
	ARN string `json:"topicArn"`
	// Product is the product whose notices come over it, by its code; empty: the topic is the seller's own.
	Product string `json:"productCode,omitempty"`
	Title   string `json:"title,omitempty"` // the product's
	// SignatureVersion is how its messages are signed: 1 (SHA1) or 2 (SHA256).
	SignatureVersion string               `json:"signatureVersion"`
	Subscriptions    []topic.Subscription `json:"subscriptions"` // oldest first
}

// NewSubscription is who is to hear a topic.
type NewSubscription struct {
	Topic    string `json:"topicArn"`
	Protocol string `json:"protocol"` // sqs, http or https
	Endpoint string `json:"endpoint"` // the ARN of a queue, or its name where it is the seller's own; or a URL
	// Attributes are those of SNS: RawMessageDelivery, FilterPolicy, FilterPolicyScope, RedrivePolicy, DeliveryPolicy.
	Attributes map[string]string `json:"attributes,omitempty"`
}

// Topics lists AWS Marketplace's topics for the seller's products, as they are listed, and then the seller's own.
func (b *Board) Topics(seller string) ([]Topic, error) {
	b.offer()
	var all []Topic
	for _, p := range b.opt.World.Products() {
		if p.SellerAccount == seller && p.Identity.ByTopics() {
			for _, arn := range []string{topic.Subscriptions(p.ProductCode), topic.Entitlements(p.ProductCode)} {
				all = append(all, Topic{ARN: arn, Product: p.ProductCode, Title: p.Title})
			}
		}
	}
	for _, arn := range b.opt.Topics.Topics(seller, Region) {
		all = append(all, Topic{ARN: arn})
	}
	for i := range all {
		attrs, err := b.opt.Topics.Attributes(seller, Region, all[i].ARN)
		if err != nil {
			return nil, said(err)
		}
		all[i].SignatureVersion = attrs[topic.SignatureVersion]
		subs, err := b.opt.Topics.Subscriptions(seller, Region, all[i].ARN)
		if err != nil {
			return nil, said(err)
		}
		all[i].Subscriptions = append([]topic.Subscription{}, subs...)
	}
	return all, nil
}

// offer makes the topics of the products that there are by now, as SNS does before every call.
func (b *Board) offer() {
	for _, p := range b.opt.World.Products() {
		if p.Identity.ByTopics() {
			b.opt.Topics.Offer(p.ProductCode, p.SellerAccount)
		}
	}
}

// Subscribe subscribes a queue or an endpoint to a topic. An endpoint is sent a confirmation, and hears nothing before it
// has confirmed; [Board.Confirm] does so in its place.
func (b *Board) Subscribe(seller string, in NewSubscription) (topic.Subscription, error) {
	b.offer()
	want := topic.Subscription{Topic: in.Topic, Protocol: in.Protocol, Endpoint: in.Endpoint, Attributes: in.Attributes}
	if in.Protocol == topic.SQS {
		arn, err := b.queueARN(seller, in.Endpoint)
		if err != nil {
			return topic.Subscription{}, err
		}
		want.Endpoint = arn
	}
	got, err := b.opt.Topics.Subscribe(seller, Region, want)
	return got, said(err)
}

// Confirm confirms a subscription as its endpoint would, by the token that it was sent. One that is confirmed stays so.
func (b *Board) Confirm(seller, arn string) (topic.Subscription, error) {
	sub, err := b.opt.Topics.Subscription(seller, arn)
	if err != nil {
		return sub, said(err)
	}
	if !sub.Confirmed {
		if _, err := b.opt.Topics.Confirm(sub.Topic, sub.Token, false); err != nil {
			return sub, said(err)
		}
	}
	sub, err = b.opt.Topics.Subscription(seller, arn)
	return sub, said(err)
}

// Unsubscribe ends one of the seller's subscriptions; fail.NotFound if there is none.
func (b *Board) Unsubscribe(seller, arn string) error {
	if _, err := b.opt.Topics.Subscription(seller, arn); err != nil {
		return said(err)
	}
	return said(b.opt.Topics.Unsubscribe(seller, arn))
}
