package world

import (
	"crypto/sha256"

	"souk.dev/souk/internal/fail"
)

// buyerKeyPrefix begins the access key that every buyer has by itself; the account id follows.
const buyerKeyPrefix = "AKIDBUYER"

// BuyerKey is the access key with which a buyer's programs call: the first that the world's file lists for the account,
// or else one that belongs to the account by itself, in every world. fail.NotFound: no such buyer.
func (w *World) BuyerKey(account string) (AccessKey, error) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.buyers[account] == nil {
		return AccessKey{}, fail.New(fail.NotFound, "unknown_buyer", "There is no buyer %q.", account)
	}
	for _, k := range w.opt.File.AccessKeys {
		if k.AccountID == account {
			return k, nil
		}
	}
	return ownKey(account), nil
}

func ownKey(account string) AccessKey {
	sum := sha256.Sum256([]byte("secret access key " + account))
	noise := append(sum[:], sum[:]...) // spell wants two bytes for each character
	return AccessKey{ID: buyerKeyPrefix + account, Secret: spell(noise, 32, mixedAlnum), AccountID: account}
}
