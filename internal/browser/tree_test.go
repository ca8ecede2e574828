package browser

import "testing"

// The tree renders, opens and closes by keyboard, and says as ARIA does what it is.
func TestTree(t *testing.T) {
	r := start(t)
	family(r, "alpha", 3)
	family(r, "beta", 250)
	l := open(t, r, quick, "")
	l.key("2")
	l.until("the roots", ids("tree")+` === "alpha beta"`)
	l.until("a sum of states", has(row("tree", "beta"))+`.textContent.includes("250 open")`)
	l.until("the tree has the focus", `document.activeElement.id === "tree"`)
	l.key(down, right)
	l.until("alpha is open", ids("tree")+` === "alpha alpha/s-1 alpha/s-2 alpha/s-3 beta"`)
	l.until("it says so", has(row("tree", "alpha")+`[aria-expanded="true"][aria-level="1"][aria-setsize="2"][aria-posinset="1"]`)+` && `+has(row("tree", "alpha/s-2")+`[aria-level="2"][aria-posinset="2"]`))
	l.key(right, down)
	l.until("the cursor is on the second child", has(row("tree", "alpha/s-2")+".cursor")+`.id === document.activeElement.getAttribute("aria-activedescendant")`)
	l.key(enter)
	l.until("it is chosen", `document.getElementById("detail").dataset.id === "alpha/s-2"`)
	l.key(down)
	l.until("the choice follows the cursor", `document.getElementById("detail").dataset.id === "alpha/s-3"`)
	l.key(left, left)
	l.until("alpha is closed", ids("tree")+` === "alpha beta"`)
	l.key(end, right)
	l.until("beta is open", `document.getElementById("tree").dataset.rows === "252"`)
	l.key(end)
	l.until("its last child was asked for", has(row("tree", "beta/s-250")+".cursor"))
	l.key(home)
	l.until("the top", has(row("tree", "alpha")+".cursor"))
	l.click(row("tree", "beta") + " .twisty")
	l.until("a click closes it", ids("tree")+` === "alpha beta"`)
}
