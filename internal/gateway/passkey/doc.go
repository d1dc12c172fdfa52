// Package passkey is the door to the keys that people's browsers, telephones and security keys hold for them: WebAuthn.
//
// It owns: what a browser is asked, and whether its answer is one: signature, challenge, origin, whom it is for, and that the person
// was verified. It does not own: whose a key is and what it opens (package account), where what was asked is kept meanwhile (the page
// seals it), and that an answer is good once (the store).
//
// Always true: a key works at the address of this gateway alone; a person was verified by the program that holds the key, with a PIN, a
// finger or a face, so that an answer proves two things; an answer whose count of signatures is not greater than the one before is
// refused, because two programs hold the key. Who made the program that holds a key is not asked.
//
// Source: Web Authentication Level 3, https://www.w3.org/TR/webauthn-3/, sections 7.1 and 7.2.
package passkey
