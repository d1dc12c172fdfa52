package profile

import "souk.dev/souk/contract"

// The disputed behaviours.
const (
	TokenLife          Name = "token-life"
	TokenReuse         Name = "token-reuse"
	IdenticalResend    Name = "identical-resend"
	BatchDuplicates    Name = "batch-duplicates"
	FinalHour          Name = "final-hour"
	FinalTimestamps    Name = "final-timestamps"
	ActivationDelay    Name = "activation-delay"
	ActivationEdge     Name = "activation-edge"
	FutureTolerance    Name = "future-tolerance"
	UnknownAccount     Name = "unknown-account"
	CodeWithLicense    Name = "product-code-with-license"
	LegacyLicenseARN   Name = "legacy-license-arn"
	Quota              Name = "quota"
	ForeignToken       Name = "foreign-token"
	FailedPayment      Name = "failed-payment"
	RenewalLicense     Name = "renewal-license"
	ReplacementLicense Name = "replacement-license"
	PrivateEnd         Name = "private-end"
	QuoteLife          Name = "quote-life"
	BuyerSideMetering  Name = "buyer-side-metering"
	RefundDays         Name = "refund-days"
	AdjustmentTime     Name = "adjustment-time"

	TokenRenewal        Name = "token-renewal"
	ResendRecordID      Name = "resend-record-id"
	WindowEdge          Name = "window-edge"
	AccountDigits       Name = "account-digits"
	CheckOrder          Name = "check-order"
	ResultOrder         Name = "result-order"
	DeprovisionDelay    Name = "deprovision-delay"
	SuccessorLookback   Name = "successor-lookback"
	EndedOffer          Name = "ended-offer"
	LegacyContractEnd   Name = "legacy-contract-end"
	EmptyEntitlements   Name = "empty-entitlements"
	EntitlementPage     Name = "entitlement-page"
	ExpiredEntitlements Name = "expired-entitlements"
	NoticeDelivery      Name = "notice-delivery"

	ErrorType          Name = "error-type"
	ResolveQuota       Name = "resolve-quota"
	PageTokenExpiry    Name = "page-token-expiry"
	EarlyEntitlements  Name = "early-entitlements"
	AgreementNames     Name = "agreement-event-names"
	PaygLicenseUpdated Name = "payg-license-updated"
	TrialConversion    Name = "trial-conversion"
	RefundProration    Name = "refund-proration"
	RefundFrom         Name = "refund-from"
	Holidays           Name = "refund-holidays"
	RecurringProration Name = "recurring-proration"
)

// Values that are compared with in code.
const (
	Again           = "again"
	Once            = "once"
	Success         = "success"
	DuplicateRecord = "duplicate-record"
	FirstWins       = "first-wins"
	Reject          = "reject"
	Deprovisioned   = "deprovisioned"
	Ended           = "ended"
	UntilClose      = "until-close"
	UntilEnd        = "until-end"
	Hour            = "hour"
	Instant         = "instant"
	NotSubscribed   = "customer-not-subscribed"
	InvalidCustomer = "invalid-customer-identifier"
	Refuse          = "refuse"
	Accept          = "accept"
	Returned        = "returned"
	Absent          = "absent"
	On              = "on"
	Off             = "off"
	InvalidToken    = "invalid-token"
	AccessDenied    = "access-denied"
	Terminated      = "terminated"
	Silence         = "silence"
	SameLicense     = "same"
	NewLicense      = "new"
	GoesOn          = "goes-on"
	Expires         = "expires"
	Seeded          = "seeded"

	KeepTokens      = "keep"
	ReplaceTokens   = "replace"
	FirstRecordID   = "first"
	AnotherRecordID = "another"
	Exclusive       = "exclusive"
	Inclusive       = "inclusive"
	AnyDigits       = "any"
	TwelveDigits    = "twelve"
	NamesFirst      = "names-first"
	TimesFirst      = "times-first"
	AsSent          = "as-sent"
	AnyOrder        = "any"
	LastHour        = "last-hour"
	LookBack        = "look-back"
	Present         = "present"
	Unsubscribe     = "unsubscribe"
	EntitlementOnly = "entitlement-updated"
	EmptyList       = "list"
	ForADay         = "for-a-day"
	Prompt          = "prompt"
	AtLeastOnce     = "at-least-once"
	Unordered       = "unordered"
	Awkward         = "awkward"

	BareName       = "bare"
	NamespacedName = "namespaced"
	ForEver        = "for-ever"
	Listed         = "listed"
	Sent           = "sent"
	Never          = "never"
	AgreementOnly  = "agreement"
	WithProduct    = "product"
	WithLicense    = "license"
	ToldAgain      = "told"
	ByInstant      = "instant"
	ByDay          = "day"
	FromGrant      = "granted"
	FromRequest    = "requested"
	NoHolidays     = "none"
	UnitedStates   = "united-states"
	Prorated       = "prorated"
	WholeMonth     = "whole"
)

const guide = contract.SellerGuide

// behaviours is the table. Its order is the order in which they are shown.
var behaviours = []Behaviour{
	{TokenLife, "How long a registration token can be resolved.", []string{"4h", "1h", "30m"}, "4h",
		guide + "saas-product-customer-setup.html says 4 hours in one place and about 1 hour in another; the Agreement API says 30 minutes for its own tokens."},
	{TokenReuse, "Whether a token that was resolved can be resolved again while it lives.", []string{Again, Once}, Again,
		guide + "saas-product-customer-setup.html: the same token gives the same answer; some sellers report single use."},
	{ForeignToken, "What another seller's token answers.", []string{InvalidToken, AccessDenied}, InvalidToken,
		contract.MeteringAPI + "API_marketplace-metering_ResolveCustomer.html says only that the caller must be the publishing account."},
	{IdenticalResend, "What a record answers that was honoured before, with the same quantity.", []string{Success, DuplicateRecord}, Success,
		contract.MeteringAPI + "API_marketplace-metering_BatchMeterUsage.html: identical requests are idempotent; AWS's own integration guidance says DuplicateRecord."},
	{BatchDuplicates, "What two records for the same hour in one request answer.", []string{FirstWins, Reject}, FirstWins,
		"Undocumented. first-wins treats the second as if it came in a later request; reject refuses the request with ValidationException."},
	{FinalHour, "Which notice opens the last hour for metering. With deprovisioned, License Deprovisioned follows the end within a minute and records are taken until an hour after it; with ended, it follows after an hour and closes it.",
		[]string{Deprovisioned, Ended}, Deprovisioned,
		guide + "eventbridge.html and observation say deprovisioned; " + guide + "saas-pricing-models.html says ended."},
	{FinalTimestamps, "Whether records of the last hour may be stamped later than the subscription's end.", []string{UntilClose, UntilEnd}, UntilClose,
		"Undocumented. until-end answers InvalidLicenseException to a later stamp."},
	{ActivationDelay, "How long after acceptance the license is provisioned and its notice sent. A short delay brings the notices before the buyer's landing, a long one after it.",
		[]string{"72s", "0s", "5m"}, "72s",
		"72 s was observed; sellers report up to five minutes."},
	{ActivationEdge, "Whether a record's stamp is compared with the license's activation by the hour or exactly.", []string{Hour, Instant}, Hour,
		contract.MeteringAPI + "API_UsageRecord.html says that usage must lie in the activation period; AWS cuts stamps to the hour, and its reference pipelines stamp an hour's start."},
	{FutureTolerance, "How far in the future a record's stamp may lie.", []string{"0s", "5m"}, "0s",
		"Undocumented: the guide says only that future stamps are refused."},
	{UnknownAccount, "What a record answers that names a well-formed AWS account which never bought the product.", []string{NotSubscribed, InvalidCustomer}, NotSubscribed,
		contract.MeteringAPI + "API_UsageRecordResult.html lists an invalid customer under CustomerNotSubscribed; API_BatchMeterUsage.html has InvalidCustomerIdentifierException for one that does not exist."},
	{CodeWithLicense, "What a request answers that has both a ProductCode and a record with a LicenseArn.", []string{Refuse, Accept}, Refuse,
		contract.MeteringAPI + "API_marketplace-metering_BatchMeterUsage.html: omit ProductCode with LicenseArn; what happens otherwise is not said. refuse answers InvalidProductCodeException."},
	{LegacyLicenseARN, "Whether ResolveCustomer gives the LicenseArn for products of the legacy generation.", []string{Returned, Absent}, Returned,
		"AWS's integration guidance: it is returned for every product, so its presence does not tell the generation."},
	{FailedPayment, "What the seller of a product with identity license is told when a payment fails before the license is provisioned: Purchase Agreement Ended with TERMINATED, or nothing. Legacy products have subscribe-fail.",
		[]string{Terminated, Silence}, Terminated,
		"Undocumented: " + guide + "saas-notification.html has subscribe-fail, the events have no counterpart of it."},
	{RenewalLicense, "Whether a renewal goes on under the same license ARN or under a new one. With new, the old license is withdrawn after License Updated tells of the new one. Legacy contracts keep theirs.",
		[]string{SameLicense, NewLicense}, SameLicense,
		"AWS's integration guidance says that a renewal keeps the license ARN; " + guide + "eventbridge.html has a new agreement for each renewal and does not name the license."},
	{BuyerSideMetering, "What MeterUsage and RegisterUsage answer for a product that is software as a service, once all else is right: refuse is InvalidProductCodeException and PlatformNotSupportedException; accept takes them from the buyer's key, as for software that runs in the buyer's account.",
		[]string{Refuse, Accept}, Refuse,
		contract.MeteringAPI + "API_MeterUsage.html says that it is for software hosted in the buyer's account, and not what another product gets."},
	{PrivateEnd, "What becomes of pay as you go at the end date of its private offer: its buyer goes on under the listing's own offer (an agreement that replaces the old one), or it ends. It is settled when the private offer is accepted.",
		[]string{GoesOn, Expires}, GoesOn,
		"https://docs.aws.amazon.com/marketplace/latest/APIReference/API_marketplace-agreements_EndTimeBehavior.html has the transition to the public offer as an example of REPLACE; that it happens to every such agreement is not said."},
	{ReplacementLicense, "Whether an agreement that replaces another goes on under the same license ARN or under a new one. With new, the old license is withdrawn after License Updated tells of the new one. Legacy products keep theirs.",
		[]string{SameLicense, NewLicense}, SameLicense,
		"Undocumented: " + guide + "eventbridge.html has a new agreement for a replacement, and AWS's integration guidance says that its end is no end of the license; neither names the license."},
	{QuoteLife, "How long the answer of CreateAgreementRequest can be accepted.", []string{"1h", "15m", "24h"}, "1h",
		"Undocumented: " + contract.AgreementAPI + "API_marketplace-agreements_AcceptAgreementRequest.html says only that a request expires."},
	{RefundDays, "How many business days (Mondays to Fridays) a granted refund takes to be on the bill. With seeded, each takes its own number, drawn from the sandbox's seed.",
		[]string{Seeded, "3", "4", "5"}, Seeded,
		guide + "refunds.html says 3 to 5, without saying from when; here it is from the day on which it was granted."},
	{AdjustmentTime, "How long a seller's billing adjustment is PENDING.", []string{"1m", "0s", "1h", "24h"}, "1m",
		"Undocumented: " + guide + "refunds.html says only that it is processed asynchronously."},
	{Quota, "Whether the limits of 10 BatchMeterUsage and 20 GetEntitlements calls a second, for each account and region, are enforced. They count in the sandbox's own time.", []string{Off, On}, Off,
		guide + "service-quotas.html has the limits. Off by default, because the sandbox's time can stand still, and then a used-up quota would never come back."},
	{TokenRenewal, "Whether earlier registration tokens of an agreement live on when a new one is made. With replace, they answer ExpiredTokenException.", []string{KeepTokens, ReplaceTokens}, KeepTokens,
		"Undocumented: " + guide + "saas-product-customer-setup.html says that each press of Set up your account gives a token, and nothing of those before."},
	{ResendRecordID, "Which MeteringRecordId an identical resend that answers Success has: that of the first time, or another, which names the same record.", []string{FirstRecordID, AnotherRecordID}, FirstRecordID,
		contract.MeteringAPI + "API_UsageRecordResult.html says only that it identifies a processed event."},
	{WindowEdge, "Whether usage that is exactly 24 hours old, and the last month's at exactly 06:00 UTC on the 1st, is still taken.", []string{Exclusive, Inclusive}, Exclusive,
		contract.MeteringAPI + "API_marketplace-metering_BatchMeterUsage.html gives the limits, and not whether they belong to what is taken."},
	{AccountDigits, "Which CustomerAWSAccountId is refused for its form: none of digits only, or any that has not twelve of them (ValidationException).", []string{AnyDigits, TwelveDigits}, AnyDigits,
		contract.MeteringAPI + "API_UsageRecord.html has the pattern [0-9]+; an AWS account has twelve digits."},
	{CheckOrder, "What BatchMeterUsage says of a request with several mistakes: of products, licenses and customers first, or of timestamps first.", []string{NamesFirst, TimesFirst}, NamesFirst,
		"Undocumented; see docs/divergences.md for the whole order."},
	{ResultOrder, "Whether Results of BatchMeterUsage come in the order in which the records were sent.", []string{AsSent, AnyOrder}, AsSent,
		contract.MeteringAPI + "API_marketplace-metering_BatchMeterUsage.html repeats each record in its result, and promises no order."},
	{DeprovisionDelay, "How long after Purchase Agreement Ended the license is withdrawn and License Deprovisioned sent, where that notice opens the last hour.", []string{"31s", "0s", "2m"}, "31s",
		"31 s was observed; sellers report seconds to two minutes."},
	{SuccessorLookback, "How long records of a license are taken after another license has gone on in its place: for the last hour, or as long as their timestamps are young enough.", []string{LastHour, LookBack}, LastHour,
		"Undocumented. " + contract.MeteringAPI + "API_marketplace-metering_BatchMeterUsage.html has the 24 hours, and does not say what a renewal or replacement does to them."},
	{EndedOffer, "Whether Purchase Agreement Ended names the offer.", []string{Absent, Present}, Absent,
		guide + "eventbridge.html lists offer.id; it was absent where it was observed."},
	{LegacyContractEnd, "What the end of a legacy contract without consumption is told with: entitlement-updated, or unsubscribe-pending and unsubscribe-success as well.", []string{EntitlementOnly, Unsubscribe}, EntitlementOnly,
		guide + "saas-notification.html has unsubscribe-pending and unsubscribe-success for subscriptions and entitlement-updated for contracts; what a cancelled contract sends is not said."},
	{EmptyEntitlements, "How GetEntitlements answers that there is nothing: without Entitlements, or with an empty list.", []string{Absent, EmptyList}, Absent,
		"Sellers report both; the model has the member as optional."},
	{EntitlementPage, "How many entitlements a page of GetEntitlements has when MaxResults is not given.", []string{"25", "10", "1"}, "25",
		"Undocumented: " + contract.EntitlementAPI + "API_marketplace-entitlements_GetEntitlements.html has 25 as the most that may be asked for."},
	{ExpiredEntitlements, "Whether GetEntitlements still returns a contract's entitlements after its end, with an ExpirationDate that has passed.", []string{Absent, ForADay}, Absent,
		"Undocumented: " + contract.EntitlementAPI + "API_Entitlement.html calls the ExpirationDate the minimum date through which the entitlement is valid."},
	{NoticeDelivery, "How notices travel: each once and at once (prompt); some twice (at-least-once); some held up, and so behind later ones (unordered); or both (awkward). Which ones is drawn from the world's seed.",
		[]string{Prompt, AtLeastOnce, Unordered, Awkward}, Prompt,
		"EventBridge, SNS and SQS promise each notice at least once and no order; what AWS Marketplace adds is undocumented."},
	{ErrorType, "How __type names an error: bare, or namespaced as a shape of AWS's models; then x-amzn-ErrorType has the namespace behind a colon. SQS, whose namespaces are known, always has its own.", []string{BareName, NamespacedName}, BareName,
		"AWS's published models and references give the names, and not the namespaces; the protocols (https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html) let servers send any and tell clients to drop them."},
	{ResolveQuota, "How many ResolveCustomer calls a second are taken of an account in a Region, before ThrottlingException. They count in the sandbox's own time.", []string{Off, "10", "1"}, Off,
		"Undocumented: " + contract.MeteringAPI + "API_marketplace-metering_ResolveCustomer.html has ThrottlingException, and " + guide + "service-quotas.html no quota of it."},
	{PageTokenExpiry, "For how long a NextToken of GetEntitlements is good. After that it is an InvalidParameterException.", []string{ForEver, "15m", "1m"}, ForEver,
		"Undocumented: " + contract.EntitlementAPI + "API_marketplace-entitlements_GetEntitlements.html does not say that a token expires."},
	{EarlyEntitlements, "Whether GetEntitlements returns what a contract will grant before its license is provisioned: of a purchase that is on its way, and of one that starts later.", []string{Absent, Listed}, Absent,
		"Undocumented: " + contract.EntitlementAPI + "API_Entitlement.html has an ExpirationDate, and no date of a beginning."},
	{AgreementNames, "What Purchase Agreement Created and Ended name beside the agreement, where they are not about a renewal: nothing more, the product as well, or product and license as License Updated does.", []string{AgreementOnly, WithProduct, WithLicense}, AgreementOnly,
		guide + "eventbridge.html has the product in the newer events (renewals, amendments, reminders) and not in these; none was there when observed. AWS has added members to these events before."},
	{PaygLicenseUpdated, "Whether License Updated is sent for pay as you go. With never, no notice names agreement and license together before License Deprovisioned does: SearchAgreements tells which license an agreement has.", []string{Sent, Never}, Sent,
		guide + "eventbridge.html has the event for entitlements that are provisioned or changed; pay as you go has no entitlements in advance. It was sent where one free subscription was observed."},
	{TrialConversion, "What the seller is told when a subscription's free trial is over and its usage is charged from then on: nothing, or License Updated and a subscribe-success without isFreeTrialTermPresent.", []string{Silence, ToldAgain}, Silence,
		"Undocumented: " + guide + "saas-notification.html has the trial's flag in subscribe-success, and says nothing of its end."},
	{RefundProration, "How a prorated refund counts the time that was not used: to the instant, or in whole days, of which one that has begun is used.", []string{ByInstant, ByDay}, ByInstant,
		"Undocumented: " + guide + "refunds.html leaves the amount to the seller. AWS's example of an upgrade counts days."},
	{RefundFrom, "From when on a refund's business days count: from the day on which it was granted, or from that of the request.", []string{FromGrant, FromRequest}, FromGrant,
		"Undocumented: " + guide + "refunds.html has the 3 to 5 days only."},
	{Holidays, "Which holidays are no business days of a refund: none, or the federal holidays of the United States.", []string{NoHolidays, UnitedStates}, NoHolidays,
		"Undocumented: " + guide + "refunds.html has the 3 to 5 days only. The holidays are those of 5 U.S.C. 6103."},
	{RecurringProration, "What an offer's flat monthly price costs in a month through which the agreement has run only in part: so much of it, to the instant and in cents, or all of it.", []string{Prorated, WholeMonth}, Prorated,
		"Undocumented: " + contract.AgreementAPI + "API_marketplace-agreements_RecurringPaymentTerm.html says only that it is charged at the end of each billing period."},
}
