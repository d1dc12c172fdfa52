package api

import (
	"encoding/json"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"

	openapi "souk.dev/souk/api"
	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/agreement"
	"souk.dev/souk/internal/gateway/alert"
	"souk.dev/souk/internal/gateway/cancellation"
	"souk.dev/souk/internal/gateway/correction"
	"souk.dev/souk/internal/gateway/entitlement"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/outbox"
	"souk.dev/souk/internal/gateway/payment"
	"souk.dev/souk/internal/gateway/register"
	"souk.dev/souk/internal/gateway/statement"
	"souk.dev/souk/internal/gateway/threshold"
	"souk.dev/souk/internal/gateway/webhook"
)

type schema struct {
	Ref        string `json:"$ref"`
	Properties map[string]schema
	Required   []string
	Items      *schema
	Enum       []string
}

type document struct {
	Paths      map[string]map[string]json.RawMessage
	Components struct {
		Schemas    map[string]schema
		Parameters map[string]json.RawMessage
		Responses  map[string]json.RawMessage
	}
}

func read(t *testing.T) (doc document, text string) {
	t.Helper()
	w := httptest.NewRecorder()
	openapi.Handler(openapi.Gateway).ServeHTTP(w, httptest.NewRequest("GET", "/openapi.json", nil))
	if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	return doc, w.Body.String()
}

// The document names every call that is mounted under /v1, and none that is not.
func TestOpenAPINamesTheCalls(t *testing.T) {
	doc, _ := read(t)
	d := NewDoor(nil, nil, nil, nil, nil, Licenses{}, Notifications{}, Accounts{}, Registrations{}, SignIns{}, Events{}, Records{}, Usage{}, Finalize{}, Checks{}, Statements{}, Corrections{Corrections: &correction.Service{}}, Cancellations{Cancellations: &cancellation.Service{}}, Payments{Payments: &payment.Service{}}, Webhooks{}, Deliveries{}, Alerts{}, Resync{}, Agreements{},
		Privacy{})
	var documented []string
	for path, item := range doc.Paths {
		for method := range item {
			if method != "parameters" && strings.HasPrefix(path, "/v1/") {
				documented = append(documented, strings.ToUpper(method)+" "+path)
			}
		}
	}
	slices.Sort(documented)
	mounted := slices.Sorted(slices.Values(d.Calls()))
	if !slices.Equal(documented, mounted) {
		t.Errorf("documented %v\nmounted    %v", documented, mounted)
	}
}

// What the handlers write is what the document says, member by member.
func TestOpenAPINamesTheMembers(t *testing.T) {
	doc, _ := read(t)
	for name, out := range map[string]any{
		"License": licenseOut{}, "Notification": notificationOut{}, "Record": recordOut{}, "EventFound": eventOut{}, "EventOfRecord": entryOut{}, "Usage": usageOut{}, "EventsAnswer": eventsOut{},
		"Registration": registration{}, "Answer": register.Answer{}, "Completion": completion{}, "Account": accountOut{}, "SignIn": signIn{}, "Check": checkOut{}, "Entitlements": entitlementsOut{}, "Entitlement": entitlementOut{},
		"Cancellation": cancellationOut{}, "CancellationAsked": cancellationIn{}, "CancellationRequest": cancellation.Request{}, "ToldCancellation": cancellation.Told{}, "CancellationSnapshot": cancellation.Snapshot{},
		"Payment": paymentOut{}, "PaymentAsked": paymentIn{}, "PaymentRequest": payment.Request{}, "ToldPayment": payment.Told{}, "PaymentSnapshot": payment.Snapshot{},
		"Correction": correctionOut{}, "CorrectionAsked": correctionIn{}, "AdjustmentRequest": correction.Request{},
		"Statement": statement.Statement{}, "StatementLine": statement.Line{}, "StatementRecord": statement.Record{}, "StatementCorrection": statement.Correction{},
		"Reconciliation": statement.Reconciliation{},
		"PersonalData":   personalData{}, "Session": sessionOut{}, "Member": memberOut{},
		"Webhook": webhookOut{}, "WebhookAsked": webhookIn{}, "Delivery": deliveryOut{}, "DeliveryAttempt": attemptOut{}, "Payload": webhook.Payload{}, "Replayed": replayed{},
		"Alert": alertOut{}, "ToldAlert": alert.Told{}, "AlertSnapshot": alert.Snapshot{},
		"ToldLicense": license.Told{}, "ToldRegistration": register.Told{}, "RegistrationSnapshot": register.Snapshot{}, "ToldAccount": account.Told{}, "AccountSnapshot": account.Snapshot{}, "ToldMember": account.ToldMember{},
		"ToldEntitlements": entitlement.Told{}, "ToldEntitlement": entitlement.ToldEntry{}, "ToldThreshold": threshold.Told{}, "ToldEnding": agreement.Ending{}, "ToldCorrection": correction.Told{}, "CorrectionSnapshot": correction.Snapshot{},
	} {
		s, ok := doc.Components.Schemas[name]
		if !ok {
			t.Errorf("there is no schema %s", name)
			continue
		}
		var always []string
		written := members(reflect.TypeOf(out), &always)
		var documented []string
		for m := range s.Properties {
			documented = append(documented, m)
		}
		slices.Sort(written)
		slices.Sort(documented)
		if !slices.Equal(written, documented) {
			t.Errorf("%s: written %v\ndocumented %v", name, written, documented)
		}
		for _, r := range s.Required {
			if !slices.Contains(always, r) {
				t.Errorf("%s: %s is documented as always there and is not", name, r)
			}
		}
	}
}

// members lists the JSON members of a struct; always gets those that are never left out.
func members(t reflect.Type, always *[]string) (names []string) {
	for i := range t.NumField() {
		f := t.Field(i)
		tag := f.Tag.Get("json")
		if f.Anonymous && tag == "" {
			names = append(names, members(f.Type, always)...)
			continue
		}
		name, opts, _ := strings.Cut(tag, ",")
		names = append(names, name)
		if !strings.Contains(opts, "omit") {
			*always = append(*always, name)
		}
	}
	return names
}

// Every reference leads somewhere.
func TestOpenAPIReferences(t *testing.T) {
	doc, text := read(t)
	for _, part := range strings.Split(text, `"$ref":`)[1:] {
		ref := strings.Split(part, `"`)[1]
		where, name, _ := strings.Cut(strings.TrimPrefix(ref, "#/components/"), "/")
		var ok bool
		switch where {
		case "schemas":
			_, ok = doc.Components.Schemas[name]
		case "parameters":
			_, ok = doc.Components.Parameters[name]
		case "responses":
			_, ok = doc.Components.Responses[name]
		}
		if !ok {
			t.Errorf("%s leads nowhere", ref)
		}
	}
}

// The types of event in the document are those that are told.
func TestOpenAPINamesTheEvents(t *testing.T) {
	doc, _ := read(t)
	var told []string
	for _, k := range outbox.Kinds {
		told = append(told, string(k.Kind))
	}
	if documented := doc.Components.Schemas["EventType"].Enum; !slices.Equal(documented, told) {
		t.Errorf("documented %v\ntold       %v", documented, told)
	}
}
