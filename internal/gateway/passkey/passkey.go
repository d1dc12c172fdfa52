package passkey

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net"
	"net/url"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/credential"
)

// Party asks for passkeys, as the one whom they are for. Make it with [New].
type Party struct{ lib *webauthn.WebAuthn }

// New makes a party that browsers reach at baseURL, and that people know by name. It is nil where no browser would make a passkey:
// for an address without a name, such as 127.0.0.1, and for one without https, but for localhost.
func New(baseURL, name string) (*Party, error) {
	base, err := url.Parse(baseURL)
	if err != nil {
		return nil, fail.Wrap(fail.Invalid, err, "base_url", "The base URL is %q; give one like https://saas.example.com.", baseURL)
	}
	host := base.Hostname()
	if net.ParseIP(host) != nil || base.Scheme != "https" && host != "localhost" {
		return nil, nil
	}
	yes := true
	lib, err := webauthn.New(&webauthn.Config{RPID: host, RPDisplayName: name, RPOrigins: []string{base.Scheme + "://" + base.Host}, AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{ResidentKey: protocol.ResidentKeyRequirementRequired, RequireResidentKey: &yes, UserVerification: protocol.VerificationRequired}})
	if err != nil {
		return nil, fmt.Errorf("set up passkeys: %w", err)
	}
	return &Party{lib}, nil
}

// Life is how long a browser may take for an answer.
const Life = 5 * time.Minute

// MaxAnswer bounds what a browser answers, in bytes: a signature and a key are a few hundred, what a browser says around them more.
const MaxAnswer = 12 << 10

// Question is what a browser is asked.
type Question struct {
	Options string // for its script, as JSON
	Kept    []byte // what the answer is held against; it must come back unchanged and unread
}

// Owner is somebody whose passkeys they are.
type Owner struct {
	ID, Name string // Name is what their program calls the key by: their e-mail address
	Keys     []credential.Passkey
}

// WebAuthnID implements webauthn.User.
func (o Owner) WebAuthnID() []byte { return []byte(o.ID) }

// WebAuthnName implements webauthn.User.
func (o Owner) WebAuthnName() string { return o.Name }

// WebAuthnDisplayName implements webauthn.User.
func (o Owner) WebAuthnDisplayName() string { return o.Name }

// WebAuthnCredentials implements webauthn.User. A credential that is not base64url is as none.
func (o Owner) WebAuthnCredentials() (list []webauthn.Credential) {
	for _, k := range o.Keys {
		id, err := base64.RawURLEncoding.DecodeString(k.Credential)
		if err != nil {
			continue
		}
		list = append(list, webauthn.Credential{ID: id, PublicKey: k.PublicKey, Flags: webauthn.CredentialFlags{BackupEligible: k.Synced}, Authenticator: webauthn.Authenticator{SignCount: uint32(k.SignCount)}})
	}
	return list
}

// AskNew asks for a new passkey, which none of those that o has may be.
func (p *Party) AskNew(o Owner) (Question, error) {
	have := webauthn.Credentials(o.WebAuthnCredentials()).CredentialDescriptors()
	ask, kept, err := p.lib.BeginRegistration(o, webauthn.WithExclusions(have))
	if err != nil {
		return Question{}, fmt.Errorf("ask for a new passkey: %w", err)
	}
	return question(ask, kept)
}

// TakeNew reads the answer to what [Party.AskNew] asked o: a passkey without id, name and instants.
//
// Errors: fail.Invalid for what is no such answer.
func (p *Party) TakeNew(o Owner, kept []byte, answer string) (credential.Passkey, error) {
	was, err := asked(kept)
	if err != nil {
		return credential.Passkey{}, err
	}
	if len(answer) > MaxAnswer {
		return credential.Passkey{}, refused(nil)
	}
	said, err := protocol.ParseCredentialCreationResponseBytes([]byte(answer))
	if err != nil {
		return credential.Passkey{}, refused(err)
	}
	made, err := p.lib.CreateCredential(o, was, said)
	if err != nil {
		return credential.Passkey{}, refused(err)
	}
	return credential.Passkey{Owner: o.ID, Credential: base64.RawURLEncoding.EncodeToString(made.ID), PublicKey: made.PublicKey,
		SignCount: int64(made.Authenticator.SignCount), Synced: made.Flags.BackupEligible}, nil
}

// Ask asks whoever is there for a passkey of theirs; with an owner, for one of o's.
func (p *Party) Ask(o *Owner) (Question, error) {
	var ask *protocol.CredentialAssertion
	var kept *webauthn.SessionData
	var err error
	if o == nil {
		ask, kept, err = p.lib.BeginDiscoverableLogin()
	} else {
		ask, kept, err = p.lib.BeginLogin(*o)
	}
	if err != nil {
		return Question{}, fmt.Errorf("ask for a passkey: %w", err)
	}
	kept.AllowedCredentialIDs = nil // what is kept travels with the page; that the key is one of its owner's is looked up when it answers
	return question(ask, kept)
}

// Take reads the answer to what [Party.Ask] asked. find finds whom it says that it is of, and their keys; fail.NotFound where there is
// nobody. The answer's Expires is the caller's to say.
//
// Errors: fail.Denied for what is no such answer, code "copied_passkey" where another program has used the key since; find's.
func (p *Party) Take(kept []byte, answer string, find func(id string) (Owner, error)) (credential.Answer, error) {
	was, err := asked(kept)
	if err != nil {
		return credential.Answer{}, err
	}
	if len(answer) > MaxAnswer {
		return credential.Answer{}, denied(nil)
	}
	said, err := protocol.ParseCredentialRequestResponseBytes([]byte(answer))
	if err != nil {
		return credential.Answer{}, denied(err)
	}
	id := string(said.Response.UserHandle)
	if len(was.UserID) > 0 {
		id = string(was.UserID)
	}
	o, err := find(id)
	if fail.Is(err, fail.NotFound) {
		return credential.Answer{}, denied(err)
	}
	if err != nil {
		return credential.Answer{}, err
	}
	var proven *webauthn.Credential
	if len(was.UserID) > 0 {
		proven, err = p.lib.ValidateLogin(o, was, said)
	} else {
		proven, err = p.lib.ValidateDiscoverableLogin(func([]byte, []byte) (webauthn.User, error) { return o, nil }, was, said)
	}
	if err != nil {
		return credential.Answer{}, denied(err)
	}
	if proven.Authenticator.CloneWarning {
		return credential.Answer{}, fail.New(fail.Denied, "copied_passkey", "Another program seems to hold a copy of this passkey, so it was not taken. Sign in with your password, and remove the passkey.")
	}
	name := base64.RawURLEncoding.EncodeToString(proven.ID)
	for _, k := range o.Keys {
		if k.Credential == name {
			return credential.Answer{Passkey: k, Count: int64(proven.Authenticator.SignCount), Challenge: credential.HashOf(was.Challenge)}, nil
		}
	}
	return credential.Answer{}, denied(nil) // not reached: it was proven to be one of them
}

func question(ask any, kept *webauthn.SessionData) (q Question, err error) {
	options, err := json.Marshal(ask)
	if err != nil {
		return q, fmt.Errorf("write down what a browser is asked: %w", err)
	}
	q.Options = string(options)
	if q.Kept, err = json.Marshal(kept); err != nil {
		return q, fmt.Errorf("write down what was asked: %w", err)
	}
	return q, nil
}

func asked(kept []byte) (was webauthn.SessionData, err error) {
	if err := json.Unmarshal(kept, &was); err != nil {
		return was, fmt.Errorf("read what was asked: %w", err)
	}
	return was, nil
}

func refused(err error) error {
	return fail.Wrap(fail.Invalid, err, "bad_passkey", "What your browser sent is no new passkey for this site. Try again.")
}

func denied(err error) error {
	return fail.Wrap(fail.Denied, err, "wrong_passkey", "This passkey does not sign you in here. It may have been removed, or the page was open for too long: try again, or use your password.")
}
