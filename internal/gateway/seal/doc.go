// Package seal keeps what a browser carries for the gateway unreadable and unchangeable: a sealed value can only be
// opened by this gateway, for the purpose it was sealed for, until it expires.
//
// It owns: the format, the keys and their rotation. It does not own: cookies, or what is put into a seal. Always true:
// a seal made for one purpose never opens for another, and an expired one never opens at all.
//
// The keys stand in the database's setting table, in [Settings] under [settingName]: several gateways on one database
// open each other's seals, and prove to each other with keys derived from these that a request is theirs. Who can read the database can forge seals; docs/security.md says what that means.
package seal
