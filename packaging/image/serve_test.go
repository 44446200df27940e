package main

import "testing"

func TestARegistryListensOnLoopbackOnly(t *testing.T) {
	for address, allowed := range map[string]bool{"127.0.0.1:0": true, "0.0.0.0:0": false, ":0": false, "198.18.0.1:0": false} {
		listener, err := listen(address)
		if (err == nil) != allowed {
			t.Errorf("%s: %v", address, err)
		}
		if err == nil {
			ok(t, listener.Close())
		}
	}
}
