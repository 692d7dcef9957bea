package relay

import (
	"crypto/sha256"
	"encoding/base64"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"fantail/hub"
	"fantail/hub/peertest"
)

// getPage asks the page for itself.
func getPage(method string, lines ...string) *httptest.ResponseRecorder {
	req := httptest.NewRequest(method, "http://relay.example:8080/", nil)
	for i := 0; i < len(lines); i += 2 {
		req.Header.Set(lines[i], lines[i+1])
	}
	rec := httptest.NewRecorder()
	newPage(nil).ServeHTTP(rec, req)
	return rec
}

// directives takes a Content-Security-Policy apart.
func directives(policy string) map[string]string {
	all := make(map[string]string)
	for part := range strings.SplitSeq(policy, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), " ")
		all[name] = value
	}
	return all
}

// The policy lets run exactly the style and the script that are in the document,
// as a browser hashes them, and nothing else.
func TestPagePolicyMatchesItsContent(t *testing.T) {
	rec := getPage("GET")
	policy := directives(rec.Header().Get("Content-Security-Policy"))
	for directive, element := range map[string]string{"style-src": `<style>`, "script-src": `<script type="module">`} {
		_, rest, found := strings.Cut(rec.Body.String(), element)
		content, _, closed := strings.Cut(rest, "</"+strings.Fields(strings.Trim(element, "<>"))[0])
		if !found || !closed || len(content) < 1000 {
			t.Fatalf("%s: %d bytes in %s", directive, len(content), element)
		}
		sum := sha256.Sum256([]byte(content))
		if want := "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"; policy[directive] != want {
			t.Errorf("%s %s, but the content's hash is %s", directive, policy[directive], want)
		}
	}
	for directive, want := range map[string]string{
		"default-src": "'none'", "base-uri": "'none'", "form-action": "'none'", "frame-ancestors": "'none'", "img-src": "data:",
		"connect-src": "'self' ws://relay.example:8080 wss://relay.example:8080", "require-trusted-types-for": "'script'", "trusted-types": "'none'",
	} {
		if policy[directive] != want {
			t.Errorf("%s %q, want %q", directive, policy[directive], want)
		}
	}
}

// A Host header cannot add to the policy.
func TestPagePolicyTakesNoHostileHost(t *testing.T) {
	for _, host := range []string{"a;script-src *", "a,b", "a b", "*", "*.example", "", "a:b", "a'", "[::1]:8080", "a\nb"} {
		if got := directives(newPage(nil).policy(host)); got["connect-src"] != "'self'" || len(got) != 10 {
			t.Errorf("host %q: %v", host, got)
		}
	}
	if got := directives(newPage(nil).policy("127.0.0.1"))["connect-src"]; got != "'self' ws://127.0.0.1 wss://127.0.0.1" {
		t.Errorf("connect-src %s", got)
	}
}

func TestPageHeaders(t *testing.T) {
	for _, method := range []string{"GET", "HEAD"} {
		rec := getPage(method)
		for name, want := range map[string]string{
			"Content-Type": "text/html; charset=utf-8", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
			"Cross-Origin-Resource-Policy": "same-origin", "Cache-Control": "no-cache",
		} {
			if got := rec.Header().Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", method, name, got, want)
			}
		}
		if size := rec.Body.Len(); rec.Code != 200 || (size == 0) != (method == "HEAD") {
			t.Errorf("%s: %d with %d bytes", method, rec.Code, size)
		}
	}
}

// A browser that has the page does not get it again, but gets the policy.
func TestPageIsSentOnce(t *testing.T) {
	etag := getPage("GET").Header().Get("Etag")
	if !regexp.MustCompile(`^"[\w+/]{22}"$`).MatchString(etag) {
		t.Errorf("Etag %s", etag)
	}
	rec := getPage("GET", "If-None-Match", etag)
	if rec.Code != http.StatusNotModified || rec.Body.Len() > 0 || rec.Header().Get("Content-Security-Policy") == "" {
		t.Errorf("%d with %d bytes and %v", rec.Code, rec.Body.Len(), rec.Header())
	}
	if rec := getPage("GET", "If-None-Match", `"another"`); rec.Code != 200 {
		t.Errorf("another page's tag: %d", rec.Code)
	}
}

func TestPageRefusesOtherMethods(t *testing.T) {
	for _, method := range []string{"POST", "PUT", "DELETE", "OPTIONS"} {
		if rec := getPage(method); rec.Code != http.StatusMethodNotAllowed || rec.Header().Get("Allow") != "GET, HEAD" {
			t.Errorf("%s: %d, Allow %q", method, rec.Code, rec.Header().Get("Allow"))
		}
	}
}

// The root is a WebSocket for a request that upgrades, and the page for any other.
func TestRootUpgradesToWebSocket(t *testing.T) {
	_, h, addr := newTestRelay(t, hub.Config{}, Config{})
	p := join(t, addr, "/")
	peertest.Eventually(t, "joined", func() bool { return h.Clients() == 1 })
	publish(h, 0, 1, 100)
	p.want(1, numbered(0, 100))
	// A browser or curl may offer HTTP/2 on any request (RFC 9110 section 7.8).
	page := dial(t, addr, "/", "Connection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n", "")
	if page.status != 200 || !strings.HasPrefix(page.body, "<!doctype html>") {
		t.Errorf("offered h2c: %d %.40q", page.status, page.body)
	}
}

// Every embedded script is in the page, and none has what would end it early or
// turn a message into markup or code.
func TestPageScripts(t *testing.T) {
	document := getPage("GET").Body.String()
	files, err := fs.Glob(pageFiles, "page/*.js")
	if err != nil || len(files) != len(pageScripts) {
		t.Fatalf("%d scripts are embedded, %d are listed, %v", len(files), len(pageScripts), err)
	}
	forbidden := regexp.MustCompile(`(?i)</?script|<!--|innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|\bFunction\(`)
	for _, file := range files {
		text := pageFile(strings.TrimPrefix(file, "page/"))
		if !strings.Contains(document, text) {
			t.Errorf("%s is not in the page", file)
		}
		if found := forbidden.FindString(text); found != "" {
			t.Errorf("%s has %s", file, found)
		}
	}
	if strings.Contains(pageFile("page.css"), "</") {
		t.Error("the style ends early")
	}
	// The names that the script looks up are there, each once.
	ids := regexp.MustCompile(` id="([\w-]+)"`).FindAllStringSubmatch(pageFile("page.html"), -1)
	known := make([]string, 0, len(ids))
	for _, id := range ids {
		if slices.Contains(known, id[1]) {
			t.Errorf("two elements are called %s", id[1])
		}
		known = append(known, id[1])
	}
	for _, use := range regexp.MustCompile(`(?:\$|say)\("([\w-]+)"|"#(i-[\w]+)"`).FindAllStringSubmatch(document, -1) {
		if id := use[1] + use[2]; !slices.Contains(known, id) {
			t.Errorf("the script looks for %s, which is not there", id)
		}
	}
}

// The page loads nothing: no address in it leads anywhere.
func TestPageIsSelfContained(t *testing.T) {
	document := getPage("GET").Body.String()
	for _, found := range regexp.MustCompile(`\b(?:src|href|action)="([^"]*)"|url\(([^)]*)\)|@import`).FindAllStringSubmatch(document, -1) {
		if to := found[1] + found[2]; !strings.HasPrefix(to, "#") && !strings.HasPrefix(to, "data:") {
			t.Errorf("the page leads to %q", found[0])
		}
	}
	if size := len(document); size > 64<<10 {
		t.Errorf("the page has %d bytes", size)
	}
}
