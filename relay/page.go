package relay

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"html"
	"net/http"
	"regexp"
	"strings"
	"time"

	"fantail/hub/setting"
)

//go:embed page
var pageFiles embed.FS

// pageScripts are the parts of the page's script, each after those that it depends on.
// Together they are one module.
var pageScripts = [...]string{
	"elements", "numbers", "message", "rates", "chart", "fantail", "connection", "rows", "clipboard", "theme", "page",
}

// page is the document for people at /, with its style and its script in it. It loads
// nothing from anywhere. Immutable.
type page struct {
	document []byte
	etag     string
	style    string // CSP sources that allow exactly this style and this script
	script   string
}

// newPage puts the embedded files together. names are the program's for settings.
func newPage(names setting.Namer) *page {
	style, document := pageFile("page.css"), pageFile("page.html")
	var script strings.Builder
	for _, name := range pageScripts {
		script.WriteString(pageFile(name + ".js"))
	}
	document = strings.Replace(document, "<style></style>", "<style>"+style+"</style>", 1)
	document = strings.Replace(document, `<script type="module"></script>`, `<script type="module">`+script.String()+"</script>", 1)
	document = strings.Replace(document, `<code id="setting-source"></code>`, "<code>"+html.EscapeString(names.Name(settingSource))+"</code>", 1)
	return &page{
		document: []byte(document),
		etag:     `"` + digest(document)[:22] + `"`,
		style:    cspHash(style),
		script:   cspHash(script.String()),
	}
}

// pageFile reads an embedded file. Browsers hash what they have parsed, in which a line
// ends in LF, so a checkout with CR LF must give the same.
func pageFile(name string) string {
	b, err := pageFiles.ReadFile("page/" + name)
	if err != nil {
		panic("relay: " + err.Error()) // the build embeds all of them
	}
	return strings.ReplaceAll(string(b), "\r\n", "\n")
}

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// cspHash returns the source expression that allows one inline element (CSP Level 3,
// section 2.3.1).
func cspHash(content string) string { return "'sha256-" + digest(content) + "'" }

// ServeHTTP answers GET and HEAD, and 304 to a browser that has the page already.
func (p *page) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	header := w.Header()
	if req.Method != http.MethodGet && req.Method != http.MethodHead {
		header.Set("Allow", "GET, HEAD")
		http.Error(w, "use GET or HEAD", http.StatusMethodNotAllowed)
		return
	}
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Security-Policy", p.policy(req.Host))
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	header.Set("Cache-Control", "no-cache") // keep it, but ask whether it has changed
	header.Set("Etag", p.etag)
	http.ServeContent(w, req, "", time.Time{}, bytes.NewReader(p.document))
}

// policy returns the page's Content-Security-Policy. Messages are hostile. So nothing
// runs but the script itself, nothing turns text into markup (trusted types), and
// nothing is reached but the relay.
func (p *page) policy(host string) string {
	return strings.Join([]string{
		"default-src 'none'",
		"script-src " + p.script,
		"style-src " + p.style,
		"img-src data:", // the icon
		"connect-src 'self'" + webSocketSources(host),
		"base-uri 'none'",
		"form-action 'none'",
		"frame-ancestors 'none'",
		"require-trusted-types-for 'script'",
		"trusted-types 'none'",
	}, "; ")
}

// plainHost matches a Host header that can be put into a policy as it is: net/http lets
// semicolons and commas pass.
var plainHost = regexp.MustCompile(`^[A-Za-z0-9.\-]+(:[0-9]+)?$`)

// webSocketSources names the relay's WebSocket for browsers whose 'self' does not
// include it: Safari before 15.4. For any other host 'self' has to do.
func webSocketSources(host string) string {
	if !plainHost.MatchString(host) {
		return ""
	}
	return " ws://" + host + " wss://" + host
}
