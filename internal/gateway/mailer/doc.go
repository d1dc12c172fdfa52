// Package mailer is the door to a mail server: it writes letters and hands them over by SMTP.
//
// It owns: the templates (in the program, and those of a folder that stand in their place), a mail's parts and headers, and
// SMTP. It does not own: who is sent what and when (packages letter and outbox), and answers of people (they go to the seller's
// support).
//
// Always true: what a person or a seller has entered is escaped wherever it stands, and begins no header; a password goes over
// an encrypted connection only, or stays on this machine; a template that cannot be used is found when the program starts.
package mailer
