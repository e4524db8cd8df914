// Package latchkey is Latchkey for Go 1.19 and newer: middleware for net/http and a client, of the standard library alone.
//
// The middleware asks Latchkey about every request and keeps no verdict, so that a revoked key fails on its next request. It
// fails closed: 503 where the verdict is not known, 500 where Latchkey refuses this server itself (its own key, an unknown
// scope), and neither is ever the client's 401 or a pass. test/conformance/cases.json is what it is tested against.
package latchkey

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"strings"
	"time"
	"unicode"
)

// Options say what a request needs, and how Latchkey is reached. URL and Key are required.
type Options struct {
	// URL of the deployment, such as https://keys.example.com or https://example.com/latchkey.
	URL string
	// Key of this server with the scope keys:verify, or platform:verify with AccountID.
	Key string
	// AccountID of the account whose keys pass, or * for those of all accounts.
	AccountID string
	// Scopes that the key needs, all of them; ScopesOf adds those that depend on the request.
	Scopes   []string
	ScopesOf func(*http.Request) []string
	// AnyOf are scopes of which the key needs one, beside Scopes.
	AnyOf []string
	// Environment that the key must have, or any; live by default.
	Environment string
	// Fresh reads the nearest fence even while a lease runs.
	Fresh bool
	// CostOf says how many credits a request consumes; 1 by default.
	CostOf func(*http.Request) int
	// IdempotencyKeyOf makes the cost be consumed once in 24 hours for each value. A client that chose it could pay once for all.
	IdempotencyKeyOf func(*http.Request) string
	// ClientAddress of a request; by default that of the connection, never a header. "" where it is not known: a key with
	// allowed_ips is then refused. Read only headers that a proxy of yours sets.
	ClientAddress func(*http.Request) string
	// Optional admits a request without a key too; one with an invalid key is refused.
	Optional bool
	// Timeout until the answer is 503; 3 seconds by default.
	Timeout time.Duration
	// OnError receives what the client is not told. The log of the standard library by default.
	OnError func(error, *http.Request)
	// Client to reach Latchkey with; it follows no redirect.
	Client *http.Client
}

// Middleware lets a request pass with a valid key (X-API-Key, which wins, or Authorization: Bearer), which the handler reads with
// FromContext. Any other request gets the application/problem+json that Latchkey itself would answer. It returns an error for
// invalid options: once, as the server starts.
func Middleware(options Options) (func(http.Handler) http.Handler, error) {
	d, err := newDeployment(options.URL, options.Key, options.Client)
	if err != nil {
		return nil, err
	}
	if options.Timeout == 0 {
		options.Timeout = 3 * time.Second
	}
	if options.OnError == nil {
		options.OnError = func(err error, _ *http.Request) { log.Print(err) }
	}
	a := &admission{options, d}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { a.serve(w, r, next) })
	}, nil
}

type contextKey struct{}

// FromContext returns the verified key of a request; false behind Optional where the request had none. No header of a client can
// set it.
func FromContext(ctx context.Context) (*APIKey, bool) {
	key, ok := ctx.Value(contextKey{}).(*APIKey)
	return key, ok && key != nil
}

type admission struct {
	Options
	deployment *deployment
}

func (a *admission) serve(w http.ResponseWriter, r *http.Request, next http.Handler) {
	token, ok := presentedToken(r.Header)
	var key *APIKey
	if ok || !a.Optional {
		refused := &refusal{code: "missing_credential"}
		if ok {
			key, refused = a.verify(r, token)
		}
		if refused != nil {
			a.report(refused.err, r)
			refused.write(w, a.Environment)
			return
		}
		for name, value := range limitHeaders(key.RateLimit, 0) {
			w.Header().Set(name, value)
		}
	}
	// Also where there is none: that of an outer middleware would be of another check.
	next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), contextKey{}, key)))
}

func (a *admission) report(err error, r *http.Request) {
	// A log that fails decides nothing.
	defer func() { _ = recover() }()
	if err != nil {
		a.OnError(err, r)
	}
}

// presentedToken returns the token of a request, "" included. X-API-Key wins, and nothing falls back; a query holds none.
func presentedToken(headers http.Header) (string, bool) {
	if values, ok := headers["X-Api-Key"]; ok {
		return strings.TrimSpace(strings.Join(values, ", ")), true
	}
	value := strings.TrimSpace(strings.Join(headers["Authorization"], ", "))
	const scheme = "bearer"
	if len(value) < len(scheme) || !strings.EqualFold(value[:len(scheme)], scheme) {
		return "", false
	}
	rest := value[len(scheme):]
	if rest != "" && !unicode.IsSpace(rune(rest[0])) {
		return "", false
	}
	return strings.TrimSpace(rest), true
}

// verify returns either the key or the refusal.
func (a *admission) verify(r *http.Request, token string) (key *APIKey, refused *refusal) {
	defer func() {
		// This server asked wrongly: its scopes, its code.
		if fault := recover(); fault != nil {
			key, refused = nil, &refusal{code: "internal_error", err: fmt.Errorf("latchkey: %v", fault)}
		}
	}()
	body, err := json.Marshal(a.request(r, token))
	if err != nil {
		return nil, &refusal{code: "internal_error", err: err}
	}
	ctx, cancel := context.WithTimeout(r.Context(), a.Timeout)
	defer cancel()
	headers := http.Header{"Content-Type": {"application/json"}, "X-Api-Key": {a.deployment.key}}
	response, err := a.deployment.send(ctx, http.MethodPost, "/api/v1/keys/verify", headers, bytes.NewReader(body))
	if err != nil {
		return nil, unavailable(fmt.Errorf("latchkey: no answer: %w", err), "")
	}
	return readVerdict(response)
}

func (a *admission) request(r *http.Request, token string) *VerifyRequest {
	asked := &VerifyRequest{Token: token, AccountID: a.AccountID, AnyOf: a.AnyOf, Environment: a.Environment, Fresh: a.Fresh}
	asked.Scopes = append([]string{}, a.Scopes...)
	if a.ScopesOf != nil {
		asked.Scopes = append(asked.Scopes, a.ScopesOf(r)...)
	}
	if a.CostOf != nil {
		cost := a.CostOf(r)
		asked.Cost = &cost
	}
	if a.IdempotencyKeyOf != nil {
		asked.IdempotencyKey = a.IdempotencyKeyOf(r)
		if asked.IdempotencyKey == "" {
			panic("IdempotencyKeyOf is empty")
		}
	}
	address := connectionAddress(r)
	if a.ClientAddress != nil {
		address = a.ClientAddress(r)
	}
	// A zone (RFC 4007 11) means something on this host alone.
	asked.IP, _, _ = strings.Cut(address, "%")
	return asked
}

func connectionAddress(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	return host
}

// readVerdict fails closed: what cannot be read never lets a request pass.
func readVerdict(response *response) (*APIKey, *refusal) {
	if response.status == http.StatusOK {
		return verdictOf(response.body)
	}
	var problem Problem
	_ = json.Unmarshal(response.body, &problem)
	err := fmt.Errorf("latchkey: status %d for this server: %s", response.status, problem.Detail)
	isLimited := response.status == http.StatusTooManyRequests || response.status == http.StatusRequestTimeout
	// This server's own mistake: any 4xx but 408, and 429, which limits this server and not its client.
	if response.status >= 400 && response.status < 500 && !isLimited {
		return nil, &refusal{code: "internal_error", err: err}
	}
	return nil, unavailable(err, response.header.Get("Retry-After"))
}

func verdictOf(body []byte) (*APIKey, *refusal) {
	var answer struct {
		Data *VerifyAnswer `json:"data"`
	}
	if err := json.Unmarshal(body, &answer); err == nil && answer.Data != nil && isWindows(answer.Data.RateLimit) {
		v := answer.Data
		isWhole := v.Key != nil && v.Key.ID != "" && v.Account != nil && v.Account.ID != ""
		if v.Valid != nil && *v.Valid && v.Code == "valid" && isWhole && isTexts(v.Scopes) && isTexts(v.Resources) {
			return &APIKey{*v.Key, *v.Account, v.Scopes, v.Resources, v.RateLimit, v.Credits}, nil
		}
		isNamed := v.Code != "insufficient_scope" || (isTexts(v.MissingScopes) && isTexts(v.MissingAnyOf))
		if v.Valid != nil && !*v.Valid && isNamed && isVerdictCode(v.Code) {
			return nil, &refusal{code: v.Code, answer: v}
		}
	}
	return nil, unavailable(errors.New("latchkey: its answer cannot be read"), "")
}
