// Package chat tells the seller's people what they should look at, in the rooms of their chat: by incoming webhooks as Slack
// has them, which Mattermost, Rocket.Chat and others take too.
//
// It owns: the rooms, which kinds of event each wants, and the words. It does not own: when something is sent again and what
// became of it (package outbox), HTTP and which addresses may be called at all (package courier), nor when an alert is told
// (package alert).
//
// Always true: a room's URL, which is all that it takes to write there, is in no log, no page, no error and no database; what
// others have written stays text, and can neither address people nor make links.
package chat
