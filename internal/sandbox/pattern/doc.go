// Package pattern matches JSON documents against event patterns, the language of EventBridge's rules and of SNS's filter
// policies.
//
// It owns: what a pattern may say, and what it matches. It does not own: what is matched, or what follows from a match
// (packages bus and topic). A pattern knows no state: the same document always has the same answer.
//
// Played: exact values, prefix and suffix (also with equals-ignore-case), equals-ignore-case, wildcard, anything-but (of
// values, prefixes, suffixes, wildcards and regardless of case), numeric, cidr, exists, and $or.
//
// Source: Amazon EventBridge User Guide, "Creating Amazon EventBridge event patterns" and "Comparison operators"; Amazon
// SNS Developer Guide, "Amazon SNS subscription filter policies"; 2026.
package pattern
