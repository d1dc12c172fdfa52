package world

import (
	"crypto/sha512"
)

// buyerKeyPrefix begins the access key that every buyer has by itself; the account id follows.
const buyerKeyPrefix = "AKIDBUYER"

// BuyerKey is the access key with which a buyer's programs call: the first that the world's file lists for the account,
// or else one that belongs to the account by itself, in every world. fail.NotFound: no such buyer.
func (w *World) BuyerKey(account string) (AccessKey, error) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.buyers[account] == nil {
		return AccessKey{}, w.unknownBuyer(account)
	}
	for _, k := range w.opt.File.AccessKeys {
		if k.AccountID == account {
			return k, nil
		}
	}
	return ownKey(account), nil
}

func ownKey(account string) AccessKey {
	sum := sha512.Sum512([]byte("secret access key " + account))
	return AccessKey{ID: buyerKeyPrefix + account, Secret: spell(sum[:], 32, mixedAlnum), AccountID: account}
}
