package portal

import (
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/webui"
)

// words is how a customer is told where a subscription stands. The licence's own reason stands beside it.
type words struct {
	Label string
	Tone  webui.Tone
	Title string
	Text  string
	Wait  bool // the page looks again by itself
}

var wording = map[license.State]words{
	license.Pending: {"Being confirmed", webui.Info, "AWS Marketplace is confirming your subscription",
		"As soon as it says that the subscription is active, usually within a few minutes, you can start. This page looks again by itself.", true},
	license.Active: {"Active", webui.Success, "", "", false},
	license.WindingDown: {"Cancellation in progress", webui.Warn, "Cancellation in progress",
		"AWS Marketplace told us that this subscription is ending. You can finish what you are doing; what you use until then is still billed.", true},
	license.Ended: {"Ended", webui.Neutral, "This subscription has ended",
		"It gives no more access, and we report no more usage for it. Your account stays, and you can subscribe again on AWS Marketplace.", false},
	license.Failed: {"Payment failed", webui.Error, "AWS Marketplace could not take the payment",
		"The subscription did not start. Please look at the payment method of your AWS account, and subscribe again.", false},
}

func wordsFor(s license.State) words {
	if w, ok := wording[s]; ok {
		return w
	}
	return wording[license.Pending] // nothing is known yet
}
