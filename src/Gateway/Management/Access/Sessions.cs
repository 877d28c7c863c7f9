using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace Gateway.Management.Access;

/// <summary>Who is logged in, in this process: a restart logs everybody out. May be used from any thread.</summary>
internal sealed class Sessions(TimeProvider time, TimeSpan timeout)
{
    /// <summary>More are not kept; the one used longest ago makes room.</summary>
    public const int Most = 1000;

    private readonly ConcurrentDictionary<string, Session> _sessions = new(StringComparer.Ordinal);

    private sealed class Session(string user, string hash)
    {
        public readonly string User = user;
        public readonly string Hash = hash;
        public long LastUse;
    }

    /// <summary>Begins a session; returns its secret.</summary>
    /// <param name="user">Who.</param>
    /// <param name="hash">The hash of the password that was given.</param>
    public string Begin(string user, string hash)
    {
        while (_sessions.Count >= Most)
        {
            _sessions.TryRemove(_sessions.MinBy(pair => Volatile.Read(ref pair.Value.LastUse)).Key, out _);
        }

        var id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
        _sessions[id] = new Session(user, hash) { LastUse = time.GetTimestamp() };
        return id;
    }

    /// <summary>Who a secret belongs to; null when it is no session's, or one that was unused too long, or whose user has
    /// gone or has another password.</summary>
    /// <param name="id">The secret.</param>
    /// <param name="logins">The users there are.</param>
    /// <param name="isUse">Whether this counts as use, after which the time begins anew.</param>
    public Caller? Find(string id, Logins logins, bool isUse = true)
    {
        if (!_sessions.TryGetValue(id, out var session))
        {
            return null;
        }

        if (time.GetElapsedTime(Volatile.Read(ref session.LastUse)) >= timeout
            || logins.FindUser(session.User) is not { } user || user.Hash != session.Hash)
        {
            End(id);
            return null;
        }

        if (isUse)
        {
            Volatile.Write(ref session.LastUse, time.GetTimestamp());
        }

        return new Caller(session.User, user.Role, id);
    }

    public void End(string id) => _sessions.TryRemove(id, out _);
}
