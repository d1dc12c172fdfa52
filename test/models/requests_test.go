package models

import (
	"strings"
	"testing"
	"time"

	"souk.dev/souk/test/harness"
)

// base has a valid request for each operation that is served. One that is performed may end what it is about, so each
// is made anew.
var base = map[string]func(t *testing.T, s *stage, c caller) asked{
	"metering ResolveCustomer": func(_ *testing.T, s *stage, _ caller) asked {
		return asked{s.seller, object{"RegistrationToken": s.Token(s.license.AgreementID)}}
	},
	"metering BatchMeterUsage": func(_ *testing.T, s *stage, _ caller) asked {
		return asked{s.seller, object{"UsageRecords": []any{s.record()}}}
	},
	"metering MeterUsage": func(_ *testing.T, s *stage, _ caller) asked {
		return asked{s.buyer, object{"ProductCode": s.legacy.ProductCode, "Timestamp": s.Now().Add(-2 * time.Hour), "UsageDimension": "pages", "UsageQuantity": 3,
			"UsageAllocations": []any{object{"AllocatedUsageQuantity": 3, "Tags": []any{object{"Key": "team", "Value": "press"}}}}}}
	},
	"metering RegisterUsage": func(_ *testing.T, s *stage, _ caller) asked {
		return asked{s.buyer, object{"ProductCode": s.legacy.ProductCode, "PublicKeyVersion": 1, "Nonce": "once"}}
	},
	"entitlement GetEntitlements": func(_ *testing.T, s *stage, _ caller) asked {
		return asked{s.seller, object{"ProductCode": teams, "MaxResults": 1, "Filter": object{"LICENSE_ARN": []any{s.contract.LicenseARN}}}}
	},

	"agreement DescribeAgreement":        aboutLicense,
	"agreement GetAgreementTerms":        aboutContract,
	"agreement GetAgreementEntitlements": func(_ *testing.T, s *stage, _ caller) asked { return asked{s.buyer, about(s.contract)} },
	"agreement SearchAgreements": func(_ *testing.T, s *stage, _ caller) asked {
		return asked{s.seller, object{"catalog": "AWSMarketplace", "maxResults": 1, "sort": object{"sortBy": "EndTime", "sortOrder": "ASCENDING"},
			"filters": []any{object{"name": "PartyType", "values": []any{"Proposer"}}, object{"name": "AgreementType", "values": []any{"PurchaseAgreement"}}}}}
	},
	"agreement CancelAgreement": func(_ *testing.T, s *stage, _ caller) asked {
		return asked{s.buyer, about(s.buy(object{"productCode": s.payg.ProductCode}))}
	},

	"sqs ReceiveMessage": queued(object{"MaxNumberOfMessages": 10, "WaitTimeSeconds": 0, "VisibilityTimeout": 0, "AttributeNames": []any{"All"},
		"MessageAttributeNames": []any{"All"}}),
	"sqs SendMessage": queued(object{"MessageBody": "hello", "MessageAttributes": object{"colour": object{"DataType": "String", "StringValue": "blue"}},
		"MessageSystemAttributes": object{"AWSTraceHeader": object{"DataType": "String", "StringValue": "Root=1-5759e988-bd862e3fe1be46a994272793"}}}),
	"sqs SendMessageBatch": queued(object{"Entries": []any{object{"Id": "one", "MessageBody": "hello", "MessageAttributes": object{"colour": object{"DataType": "String", "StringValue": "blue"}},
		"MessageSystemAttributes": object{"AWSTraceHeader": object{"DataType": "String", "StringValue": "Root=1-5759e988-bd862e3fe1be46a994272793"}}},
		object{"Id": "two", "MessageBody": "\x01"}}}),
	"sqs DeleteMessage":           handled(func(handle string) object { return object{"ReceiptHandle": handle} }),
	"sqs ChangeMessageVisibility": handled(func(handle string) object { return object{"ReceiptHandle": handle, "VisibilityTimeout": 0} }),
	"sqs DeleteMessageBatch": handled(func(handle string) object {
		return object{"Entries": []any{object{"Id": "one", "ReceiptHandle": handle}, object{"Id": "two", "ReceiptHandle": "nonsense"}}}
	}),
	"sqs ChangeMessageVisibilityBatch": handled(func(handle string) object {
		return object{"Entries": []any{object{"Id": "one", "ReceiptHandle": handle, "VisibilityTimeout": 0}, object{"Id": "two", "ReceiptHandle": "nonsense", "VisibilityTimeout": 0}}}
	}),
	"sqs GetQueueUrl":        fixed(object{"QueueName": "marketplace-notices"}),
	"sqs GetQueueAttributes": queued(object{"AttributeNames": []any{"All"}}),
	"sqs SetQueueAttributes": queued(object{"Attributes": object{"VisibilityTimeout": "30"}}),
	"sqs CreateQueue":        fixed(object{"QueueName": "another", "Attributes": object{"VisibilityTimeout": "30"}}),
	"sqs DeleteQueue": func(t *testing.T, s *stage, c caller) asked {
		must(t, s, c, "CreateQueue", object{"QueueName": "doomed"})
		r := must(t, s, c, "GetQueueUrl", object{"QueueName": "doomed"})
		return asked{s.seller, object{"QueueUrl": r["QueueUrl"]}}
	},
	"sqs ListQueues": fixed(object{"MaxResults": 1}),
	"sqs ListDeadLetterSourceQueues": func(t *testing.T, s *stage, c caller) asked {
		must(t, s, c, "CreateQueue", object{"QueueName": "mortal", "Attributes": object{"RedrivePolicy": `{"deadLetterTargetArn":"` + queueARN + `","maxReceiveCount":3}`}})
		must(t, s, c, "CreateQueue", object{"QueueName": "mortal2", "Attributes": object{"RedrivePolicy": `{"deadLetterTargetArn":"` + queueARN + `","maxReceiveCount":3}`}})
		return asked{s.seller, object{"QueueUrl": s.queue, "MaxResults": 1}}
	},
	"sqs TagQueue":   queued(object{"Tags": object{"team": "press"}}),
	"sqs UntagQueue": queued(object{"TagKeys": []any{"team"}}),
	"sqs ListQueueTags": func(t *testing.T, s *stage, c caller) asked {
		must(t, s, c, "TagQueue", object{"QueueUrl": s.queue, "Tags": object{"team": "press"}})
		return asked{s.seller, object{"QueueUrl": s.queue}}
	},
	"sqs AddPermission": func(_ *testing.T, s *stage, _ caller) asked {
		return asked{s.seller, object{"QueueUrl": s.queue, "Label": another("friends"), "AWSAccountIds": []any{"111122223333"}, "Actions": []any{"SendMessage"}}}
	},
	"sqs RemovePermission": func(t *testing.T, s *stage, c caller) asked {
		label := another("friends")
		must(t, s, c, "AddPermission", object{"QueueUrl": s.queue, "Label": label, "AWSAccountIds": []any{"111122223333"}, "Actions": []any{"SendMessage"}})
		return asked{s.seller, object{"QueueUrl": s.queue, "Label": label}}
	},
	"sqs StartMessageMoveTask": func(t *testing.T, s *stage, c caller) asked {
		return asked{s.seller, object{"SourceArn": deadLetters(t, s, c), "DestinationArn": queueARN, "MaxNumberOfMessagesPerSecond": 1}}
	},
	"sqs ListMessageMoveTasks":  moving(func(source, _ string) object { return object{"SourceArn": source, "MaxResults": 1} }),
	"sqs CancelMessageMoveTask": moving(func(_, handle string) object { return object{"TaskHandle": handle} }),
	"sqs PurgeQueue": func(_ *testing.T, s *stage, _ caller) asked {
		s.Advance(2 * time.Minute) // one purge a minute
		return asked{s.seller, object{"QueueUrl": s.queue}}
	},
}

// teams is the built-in contract's product code.
const teams = "1nkwe11teams00upfr0ntabcd"

// further calls are made for the members of answers that the valid request alone does not bring.
var further = map[string][]func(t *testing.T, s *stage, c caller) asked{
	"metering ResolveCustomer": {func(_ *testing.T, s *stage, _ caller) asked {
		return asked{s.seller, object{"RegistrationToken": s.Token(s.customer.AgreementID)}}
	}},
	"metering BatchMeterUsage": {func(_ *testing.T, s *stage, _ caller) asked {
		s.Break(harness.Fault{Operation: "BatchMeterUsage", Kind: "unprocessed", Times: 1})
		return asked{s.seller, object{"UsageRecords": []any{s.record()}}}
	}, func(_ *testing.T, s *stage, _ caller) asked {
		r := s.record()
		delete(r, "CustomerAWSAccountId")
		delete(r, "LicenseArn")
		r["CustomerIdentifier"] = s.customer.CustomerIdentifier
		return asked{s.seller, object{"ProductCode": s.legacy.ProductCode, "UsageRecords": []any{r}}}
	}, func(_ *testing.T, s *stage, _ caller) asked {
		r := s.record()
		delete(r, "CustomerAWSAccountId")
		delete(r, "LicenseArn")
		r["CustomerIdentifier"] = s.customer.CustomerIdentifier
		s.Break(harness.Fault{Operation: "BatchMeterUsage", Kind: "unprocessed", Times: 1})
		return asked{s.seller, object{"ProductCode": s.legacy.ProductCode, "UsageRecords": []any{r}}}
	}},
	"entitlement GetEntitlements": {fixed(object{"ProductCode": teams, "MaxResults": 1}), fixed(object{"ProductCode": "1nkwe11c1ass1cteamsabcdef"})},
	"agreement DescribeAgreement": {aboutContract, aboutTier},
	"agreement GetAgreementTerms": {aboutLicense, aboutTier, func(_ *testing.T, s *stage, _ caller) asked {
		return asked{s.seller, object{"agreementId": s.contract.AgreementID, "maxResults": 1}}
	}},
	"agreement SearchAgreements": {fixed(object{"filters": []any{object{"name": "PartyType", "values": []any{"Proposer"}}, object{"name": "AgreementType", "values": []any{"PurchaseAgreement"}},
		object{"name": "EndTimeBehaviorType", "values": []any{"EXPIRE"}}}})},
	"agreement GetAgreementEntitlements": {func(_ *testing.T, s *stage, _ caller) asked { return asked{s.buyer, about(s.license)} },
		func(_ *testing.T, s *stage, _ caller) asked { return asked{s.buyer, about(s.failed)} },
		func(_ *testing.T, s *stage, _ caller) asked {
			return asked{s.buyer, object{"agreementId": s.contract.AgreementID, "maxResults": 1}}
		}},
	"sqs ListMessageMoveTasks": {func(t *testing.T, s *stage, c caller) asked { // one that fails: nobody knows where its messages came from
		source := deadLetters(t, s, c)
		must(t, s, c, "StartMessageMoveTask", object{"SourceArn": source})
		return asked{s.seller, object{"SourceArn": source}}
	}},
	"sqs ReceiveMessage": {func(t *testing.T, s *stage, c caller) asked {
		must(t, s, c, "SendMessage", object{"QueueUrl": s.queue, "MessageBody": "hello", "MessageAttributes": object{
			"colour": object{"DataType": "String", "StringValue": "blue"}, "shade": object{"DataType": "Binary", "BinaryValue": "AQID"}}})
		return asked{s.seller, object{"QueueUrl": s.queue, "AttributeNames": []any{"All"}, "MessageAttributeNames": []any{"All"}}}
	}},
}

func about(a harness.Agreement) object { return object{"agreementId": a.AgreementID} }

func aboutLicense(_ *testing.T, s *stage, _ caller) asked  { return asked{s.seller, about(s.license)} }
func aboutContract(_ *testing.T, s *stage, _ caller) asked { return asked{s.seller, about(s.contract)} }
func aboutTier(_ *testing.T, s *stage, _ caller) asked     { return asked{s.seller, about(s.tier)} }

// fixed is a request that depends on nothing, of the seller.
func fixed(input object) func(*testing.T, *stage, caller) asked {
	return func(_ *testing.T, s *stage, _ caller) asked { return asked{s.seller, clone(input).(object)} }
}

// queued is one about the seller's queue.
func queued(input object) func(*testing.T, *stage, caller) asked {
	return func(_ *testing.T, s *stage, _ caller) asked {
		in := clone(input).(object)
		in["QueueUrl"] = s.queue
		return asked{s.seller, in}
	}
}

// handled is one about a message that was received.
func handled(input func(handle string) object) func(*testing.T, *stage, caller) asked {
	return func(t *testing.T, s *stage, c caller) asked {
		in := input(s.handle(t, c))
		in["QueueUrl"] = s.queue
		return asked{s.seller, in}
	}
}

// deadLetters makes a dead-letter queue with two messages in it, and gives its ARN.
func deadLetters(t *testing.T, s *stage, c caller) string {
	t.Helper()
	name := another("dead")
	dead := must(t, s, c, "CreateQueue", object{"QueueName": name})["QueueUrl"]
	arn := queueARN[:strings.LastIndex(queueARN, ":")+1] + name
	must(t, s, c, "CreateQueue", object{"QueueName": another("mortal"), "Attributes": object{"RedrivePolicy": `{"deadLetterTargetArn":"` + arn + `","maxReceiveCount":3}`}})
	for range 2 {
		must(t, s, c, "SendMessage", object{"QueueUrl": dead, "MessageBody": "rest"})
	}
	return arn
}

// moving is about a task that moves the messages of a dead-letter queue, source, and has one left to move.
func moving(input func(source, handle string) object) func(*testing.T, *stage, caller) asked {
	return func(t *testing.T, s *stage, c caller) asked {
		source := deadLetters(t, s, c)
		task := must(t, s, c, "StartMessageMoveTask", object{"SourceArn": source, "DestinationArn": queueARN, "MaxNumberOfMessagesPerSecond": 1})
		handle, _ := task["TaskHandle"].(string)
		return asked{s.seller, input(source, handle)}
	}
}

// must performs an operation as the seller.
func must(t *testing.T, s *stage, c caller, op string, input object) object {
	t.Helper()
	r, err := c.call(t.Context(), s.seller, op, input)
	if err != nil || !r.ok() {
		t.Fatalf("%s: %s %v", op, r.refusal(), err)
	}
	body, _ := r.body.(object)
	return body
}
