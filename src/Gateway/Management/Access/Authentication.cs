using System.Net;
using Gateway.Configuration;
using Gateway.Http;

namespace Gateway.Management.Access;

/// <summary>Finds out who makes a request: a session's cookie, a token, or somebody on this machine while there are no
/// logins.</summary>
internal sealed class Authentication(ConfigurationInForce configuration, Sessions sessions, LoginLimiter limiter)
{
    private volatile Reading? _read;

    /// <summary>How an attempt to find out who it is ended.</summary>
    /// <param name="Caller">Who it is; null when nobody is known.</param>
    /// <param name="Refusal">Why what was shown does not count; null when nothing was shown, or it counts.</param>
    /// <param name="RetryAfter">How long to wait before the next attempt; zero when there is no need to.</param>
    public readonly record struct Outcome(Caller? Caller, string? Refusal = null, TimeSpan RetryAfter = default);

    /// <summary>The logins of the configuration in force.</summary>
    public Logins Logins => Read().Logins;

    /// <summary>The names that requests may have in Host.</summary>
    public IReadOnlyList<string> Hosts => Read().Hosts;

    /// <summary>The name of the session's cookie. The prefix makes browsers refuse it from anybody but this very host.
    /// </summary>
    public static string CookieName(HttpRequest request) => request.IsHttps ? SessionCookie.SecureName : SessionCookie.Name;

    public async ValueTask<Outcome> FindAsync(HttpContext context)
    {
        var logins = Logins;
        if (!logins.Any)
        {
            // The configuration forbids other addresses without logins; one that was changed since the start does not
            // close the listener that is open.
            return IsLocal(context.Connection) ? new(Caller.Local) : new(null, "there is no login yet, and it is another machine");
        }

        if (context.Request.Headers.Authorization.ToString() is { Length: > 0 } header)
        {
            return header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase)
                ? await FindTokenAsync(context, logins, header["Bearer ".Length..].Trim())
                : new(null, "the Authorization header is no Bearer token");
        }

        return context.Request.Cookies[CookieName(context.Request)] is { Length: > 0 } id
            ? new(sessions.Find(id, logins)) : default;
    }

    /// <summary>Whether whoever made a request that goes on may still read. It does not count as use of a session.</summary>
    public async ValueTask<bool> MayGoOnAsync(HttpContext context)
    {
        if (Caller.Of(context)?.SessionId is { } session)
        {
            return sessions.Find(session, Logins, isUse: false) is not null;
        }

        // One that has to wait for its turn has not been refused.
        var outcome = await FindAsync(context);
        return outcome.Caller is not null || outcome.RetryAfter > TimeSpan.Zero;
    }

    /// <summary>Checks a password in its turn.</summary>
    public async Task<Outcome> LogInAsync(HttpContext context, string user, string password)
    {
        var address = context.Connection.RemoteIpAddress;
        if (limiter.Wait(address, user) is { Ticks: > 0 } wait)
        {
            return new(null, "too many failures", wait);
        }

        var logins = Logins;
        var right = await limiter.HashAsync<object>(() => logins.IsPassword(user, password), context.RequestAborted);
        if (right is null)
        {
            return new(null, "too many attempts at once", TimeSpan.FromSeconds(1));
        }

        if (right is not true || logins.FindUser(user) is not { } known)
        {
            limiter.Failed(address, user);
            return new(null, "wrong user or password");
        }

        limiter.Succeeded(address, user);
        return new(new Caller(user, known.Role, sessions.Begin(user, known.Hash)));
    }

    private static bool IsLocal(ConnectionInfo connection) =>
        connection.RemoteIpAddress is { } remote && IPAddress.IsLoopback(remote)
        && connection.LocalIpAddress is { } local && IPAddress.IsLoopback(local);

    private async Task<Outcome> FindTokenAsync(HttpContext context, Logins logins, string token)
    {
        if (logins.FindVerified(token) is { } known)
        {
            return new(known);
        }

        var (address, name) = (context.Connection.RemoteIpAddress, $"token {Logins.NameOf(token)}");
        if (limiter.Wait(address, name) is { Ticks: > 0 } wait)
        {
            return new(null, "too many failures", wait);
        }

        var found = await limiter.HashAsync<object>(() => logins.Verify(token) ?? (object)false, context.RequestAborted);
        switch (found)
        {
            case Caller caller:
                limiter.Succeeded(address, name);
                return new(caller);
            case null:
                return new(null, "too many attempts at once", TimeSpan.FromSeconds(1));
            default:
                limiter.Failed(address, name);
                return new(null, "unknown token");
        }
    }

    /// <summary>What is read of the configuration in force, once for each. Two requests may read at once; both read the same.</summary>
    private Reading Read()
    {
        var current = configuration.Current;
        return _read is { } read && ReferenceEquals(read.Of, current) ? read : _read = new Reading(current);
    }

    /// <summary>What was read of one configuration: a whole, since several threads put one in the place of another.</summary>
    private sealed class Reading(LoadedConfiguration of)
    {
        public LoadedConfiguration Of { get; } = of;

        public Logins Logins { get; } = new(of);

        public string[] Hosts { get; } = [.. of.Section("Management:Hosts").Elements.Select(host => host.Value ?? "")];
    }
}
