package notice

import (
	"souk.dev/souk/contract"
	"souk.dev/souk/internal/sandbox/world"
)

// forge writes what somebody who is not AWS might put into the queue about the same agreement: that it is over. An
// event's proof is its source, which nobody but AWS can send under (PutEvents refuses sources that begin with "aws.");
// an SNS message's is its signature and its topic's owner.
func (d *Desk) forge(n world.Notice) string {
	a := n.Subject()
	if _, ok := publish(n); ok {
		m := message{Action: contract.UnsubscribeSuccess, CustomerIdentifier: a.CustomerIdentifier, ProductCode: a.ProductCode}
		lie := notify(a, m, d.signer, d.opt.Base())
		lie.MessageID = uuidOf(a.ID, "forged")
		lie.TopicARN = "arn:aws:sns:us-east-1:999999999999:aws-mp-subscription-notification-" + a.ProductCode
		lie.Signature, lie.SigningCertURL, lie.UnsubscribeURL = "Zm9yZ2Vk", "https://forger.invalid/cert.pem", "https://forger.invalid/"
		return text(lie)
	}
	a.ID = uuidOf(a.ID, "forged")
	e, _ := event(world.LicenseDeprovisioned{About: a}, uuidOf(a.ID, "envelope"))
	e.Source = "custom.agreement-marketplace"
	return text(e)
}
