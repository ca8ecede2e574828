package inspect

import (
	"net/http"
	"slices"
	"strings"
)

// node is an actor in the tree of those that are sockets or have some below them.
type node struct {
	ID       string         `json:"id"`
	Name     string         `json:"name"`
	Socket   *Socket        `json:"socket,omitempty"` // nil: an actor of somebody else's
	Children int            `json:"children"`
	Sockets  int            `json:"sockets"` // here and below
	States   map[string]int `json:"states"`  // of those

	below []*node
}

// treeOf makes the tree of the sockets' ids: Proto.Actor names a child after its parent and a slash.
func treeOf(s *Snapshot) map[string]*node {
	all := map[string]*node{"": {States: map[string]int{}}}
	var get func(id string) *node
	get = func(id string) *node {
		if n := all[id]; n != nil {
			return n
		}
		above, name := "", id
		if at := strings.LastIndexByte(id, '/'); at > 0 {
			above, name = id[:at], id[at+1:]
		}
		n := &node{ID: id, Name: name, States: map[string]int{}}
		all[id] = n
		parent := get(above)
		parent.below = append(parent.below, n)
		parent.Children++
		return n
	}
	for _, x := range s.Sockets {
		get(x.ID).Socket = x
		for id, more := x.ID, true; more; {
			n := all[id]
			n.Sockets++
			n.States[x.State]++
			at := strings.LastIndexByte(id, '/')
			more = id != ""
			id = id[:max(at, 0)]
		}
	}
	for _, n := range all {
		slices.SortFunc(n.below, func(a, b *node) int { return natural(a.Name, b.Name) })
	}
	return all
}

// tree answers api/tree?id=&offset=&limit=: an actor, and a page of its children; without an id the roots.
func (i *Inspector) tree(w http.ResponseWriter, r *http.Request) {
	l := i.looks.now()
	n := l.tree()[r.URL.Query().Get("id")]
	if n == nil {
		http.Error(w, "no actor with sockets has this id", http.StatusNotFound)
		return
	}
	if offset, limit, ok := window(w, r); ok {
		answer(w, map[string]any{"at": l.At, "node": n, "total": len(n.below), "offset": offset, "children": part(n.below, offset, limit)})
	}
}
