package feed

import (
	"cmp"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
)

// spread returns the order in which a host prefers n sources, so that many hosts spread over them. A
// hash of the host's name chooses its first source. If names end in a number, as those of replicas
// do, successive numbers have successive sources, so that n replicas have n first sources. A hash of
// name and source orders the rest, so that hosts that lose a source spread over all others. An empty
// host keeps the order.
func spread(host string, n int) []int {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	if host == "" {
		return order
	}
	stem := strings.TrimRight(host, "0123456789")
	number, _ := strconv.ParseUint(host[len(stem):], 10, 64) // 0 if there is none
	first := int((hashOf(stem) + number) % uint64(n))
	rank := func(i int) uint64 {
		if i == first {
			return 0
		}
		return hashOf(host+" "+strconv.Itoa(i)) | 1
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(rank(a), rank(b)) })
	return order
}

// hashOf hashes a text evenly, the same on every machine.
func hashOf(s string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(s))
	x := h.Sum64() // whose low bits differ too little between like texts
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	x *= 0xc4ceb9fe1a85ec53
	return x ^ x>>33
}
