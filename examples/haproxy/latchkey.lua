-- The action `lua.latchkey SOCKET PATH`: Latchkey, behind the proxy that listens on SOCKET, verifies the key of each request.
-- HAProxy 2.6 or newer with Lua.
-- It sets txn.latchkey to `passed`, or answers the client. HAProxy continues after an error in Lua, so haproxy.cfg denies
-- whatever does not have that variable.

local identity = {
  'x-latchkey-account', 'x-latchkey-key-id', 'x-latchkey-user', 'x-latchkey-scopes', 'x-latchkey-resources',
  'x-latchkey-external-id', 'x-latchkey-environment', 'x-latchkey-request-id',
}

-- What a refusal has for the client.
local passed_on = {
  'content-type', 'cache-control', 'www-authenticate', 'retry-after', 'ratelimit', 'ratelimit-policy', 'x-request-id',
}

local refusals = { [401] = true, [403] = true, [429] = true, [503] = true }

-- Of the request's connection and body, or what only this proxy states about it.
local not_asked = {
  ['host'] = true, ['connection'] = true, ['keep-alive'] = true, ['te'] = true, ['trailer'] = true, ['upgrade'] = true,
  ['transfer-encoding'] = true, ['content-length'] = true, ['expect'] = true, ['cookie'] = true,
  ['accept-encoding'] = true, ['x-client-address'] = true, ['forwarded'] = true,
}

-- A server may read X_Latchkey_Account or X.Latchkey.Account as X-Latchkey-Account.
local function is_identity(name)
  return name:lower():gsub('[^%w]', '-'):find('^x%-latchkey') ~= nil
end

local function first(values)
  return values and (values[0] or values[1])
end

-- The client's headers without those that this proxy sets itself.
local function question(txn)
  local asked = {}
  for name, values in pairs(txn.http:req_get_headers()) do
    if is_identity(name) then
      txn.http:req_del_header(name)
    elseif not not_asked[name] and not name:find('^x%-forwarded') then
      asked[name] = {}
      for _, value in pairs(values) do table.insert(asked[name], value) end
    end
  end
  asked['x-forwarded-method'] = { txn.sf:method() }
  asked['x-forwarded-uri'] = { txn.sf:pathq() }
  -- Trusted only if latchkey.config.ts lists this proxy (forwardAuth).
  asked['x-client-address'] = { txn.sf:src() }
  return asked
end

local function answer(txn, status, headers, body)
  local reply = txn:reply({ status = status })
  for name, value in pairs(headers) do reply:add_header(name, value) end
  if txn.sf:method() ~= 'HEAD' then reply:set_body(body) end
  txn:done(reply)
end

-- Latchkey did not answer, or what answered is not Latchkey: the client keeps its key and asks again.
local function unknown(txn)
  answer(txn, 503, {
    ['content-type'] = 'application/problem+json', ['cache-control'] = 'no-store', ['retry-after'] = '1',
  }, '{"type":"/docs/errors#authority_unavailable","title":"The answer is not known right now","status":503,' ..
    '"code":"authority_unavailable"}')
end

local function refuse(txn, response)
  local headers = {}
  for _, name in ipairs(passed_on) do headers[name] = first(response.headers[name]) end
  if headers['content-type'] ~= 'application/problem+json' then return unknown(txn) end
  answer(txn, response.status, headers, response.body)
end

core.register_action('latchkey', { 'http-req' }, function(txn, socket, path)
  txn:set_var('txn.latchkey', 'asked')
  local url = 'http://localhost' .. path
  local response = core.httpclient():get({ url = url, dst = socket, headers = question(txn) })
  if not response or not response.headers then return unknown(txn) end
  if refusals[response.status] then return refuse(txn, response) end
  if response.status ~= 200 then return unknown(txn) end
  for _, name in ipairs(identity) do
    local value = first(response.headers[name])
    if not value or value == '' then return unknown(txn) end
    txn.http:req_set_header(name, value)
  end
  txn.http:req_del_header('x-api-key')
  txn.http:req_del_header('authorization')
  txn:set_var('txn.latchkey', 'passed')
end, 2)
