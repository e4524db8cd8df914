package latchkey

import "encoding/json"

// VerifyRequest asks about one token.
type VerifyRequest struct {
	Token       string   `json:"token"`
	AccountID   string   `json:"account_id,omitempty"`
	Scopes      []string `json:"scopes,omitempty"`
	AnyOf       []string `json:"any_of,omitempty"`
	Environment string   `json:"environment,omitempty"`
	// IP is the address of the client; without it a key with allowed_ips is refused.
	IP             string `json:"ip,omitempty"`
	Cost           *int   `json:"cost,omitempty"`
	IdempotencyKey string `json:"idempotencyKey,omitempty"`
	Fresh          bool   `json:"fresh,omitempty"`
}

// VerifyAnswer is the verdict about a token. Nil fields are null or absent.
type VerifyAnswer struct {
	Valid         *bool              `json:"valid"`
	Code          string             `json:"code"`
	Key           *KeyIdentity       `json:"key"`
	Account       *Account           `json:"account"`
	Scopes        []string           `json:"scopes"`
	Resources     []string           `json:"resources"`
	RateLimit     []*RateLimitStatus `json:"rate_limit"`
	Credits       *CreditStatus      `json:"credits"`
	MissingScopes []string           `json:"missing_scopes"`
	MissingAnyOf  []string           `json:"missing_any_of"`
	// RetryAfterSeconds is a number, null where waiting will not help, or absent.
	RetryAfterSeconds json.RawMessage `json:"retry_after_seconds"`
}

// KeyIdentity says whose key it is.
type KeyIdentity struct {
	ID          string         `json:"id"`
	Name        string         `json:"name"`
	ExternalID  *string        `json:"external_id"`
	Metadata    map[string]any `json:"metadata"`
	Environment string         `json:"environment"`
	Format      string         `json:"format"`
	// ExpiresAt is a time of RFC 3339; nil: never.
	ExpiresAt *string `json:"expires_at"`
}

// Account of a key.
type Account struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// RateLimitStatus is one window after the request.
type RateLimitStatus struct {
	Name          string  `json:"name"`
	Limit         float64 `json:"limit"`
	WindowSeconds float64 `json:"window_seconds"`
	Remaining     float64 `json:"remaining"`
	ResetSeconds  float64 `json:"reset_seconds"`
}

// CreditStatus is what is left of the credits of a key.
type CreditStatus struct {
	Remaining float64 `json:"remaining"`
}

// APIKey is the verified key of a request.
type APIKey struct {
	KeyIdentity
	Account   Account
	Scopes    []string
	Resources []string
	RateLimit []*RateLimitStatus
	Credits   *CreditStatus
}

// Key of the management API, without its token. Raw holds every field of the wire.
type Key struct {
	ID          string          `json:"id"`
	Name        string          `json:"name"`
	Status      string          `json:"status"`
	Environment string          `json:"environment"`
	Scopes      []string        `json:"scopes"`
	ExternalID  *string         `json:"external_id"`
	ExpiresAt   *string         `json:"expires_at"`
	Raw         json.RawMessage `json:"-"`
}

// UnmarshalJSON keeps the fields that Key does not name.
func (k *Key) UnmarshalJSON(data []byte) error {
	type plain Key
	if err := json.Unmarshal(data, (*plain)(k)); err != nil {
		return err
	}
	k.Raw = append(json.RawMessage{}, data...)
	return nil
}

// NewKey is a key to create. Scopes nil inherits those of its creator; empty can only identify itself.
type NewKey struct {
	Name       string         `json:"name"`
	Scopes     *[]string      `json:"scopes,omitempty"`
	ExpiresAt  string         `json:"expires_at,omitempty"`
	Format     string         `json:"format,omitempty"`
	ExternalID string         `json:"external_id,omitempty"`
	Metadata   map[string]any `json:"metadata,omitempty"`
	AllowedIPs []string       `json:"allowed_ips,omitempty"`
}

// Rotation says how a key is rotated: the old token works for OverlapSeconds.
type Rotation struct {
	OverlapSeconds int    `json:"overlap_seconds,omitempty"`
	ExpiresAt      string `json:"expires_at,omitempty"`
}

// IssuedKey has the token, which no other answer contains.
type IssuedKey struct {
	Key
	Token string
}

// UnmarshalJSON reads the token beside the key.
func (k *IssuedKey) UnmarshalJSON(data []byte) error {
	var issued struct {
		Token string `json:"key"`
	}
	if err := json.Unmarshal(data, &issued); err != nil {
		return err
	}
	k.Token = issued.Token
	return k.Key.UnmarshalJSON(data)
}
