// Package courier is the door through which the gateway calls addresses that people have entered: webhooks and chats.
//
// It owns: HTTP, and the guard that keeps such an address from being one of our own network's: whoever may enter addresses must
// not be able to look around behind the firewall (server-side request forgery). It does not own: what is sent, or when.
//
// Always true: the guard looks at the address that is being connected to, after names were looked up, so that a name whose
// meaning changes gets nowhere; no proxy is asked, no redirect followed, no cookie kept, and no more than the beginning of an
// answer is read.
package courier
