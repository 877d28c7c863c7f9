using System.Net;
using System.Net.Sockets;

namespace Gateway.Management.Access;

/// <summary>Slows down the guessing of passwords and tokens: after a few failures an address, or a name, has to wait, each
/// time twice as long. May be used from any thread.</summary>
/// <remarks>An address counts as its IPv6 /64, which is what one subscriber has. A name is slowed as well, so that many
/// addresses do not help; its owner waits with it, at most five minutes.</remarks>
internal sealed class LoginLimiter(TimeProvider time) : IDisposable
{
    /// <summary>Failures that cost nothing, so that a typing mistake does not.</summary>
    public const int Free = 5;

    /// <summary>Hashing takes a processor for tens of milliseconds: no more than one at a time, and few that wait.</summary>
    private const int MostWaiting = 8;

    private const int MostEntries = 10_000;
    private static readonly TimeSpan _longest = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan _forgotten = TimeSpan.FromMinutes(15);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Entry> _entries = [];
    private readonly SemaphoreSlim _hashing = new(1);
    private int _waiting;

    private readonly record struct Entry(int Failures, long Last);

    /// <summary>How long this address must wait before it may try this name; zero is not at all.</summary>
    public TimeSpan Wait(IPAddress? address, string name)
    {
        lock (_gate)
        {
            return TimeSpan.FromTicks(Math.Max(
                WaitNeedsLock(KeyOf(address)).Ticks, WaitNeedsLock(KeyOf(name)).Ticks));
        }
    }

    public void Failed(IPAddress? address, string name)
    {
        lock (_gate)
        {
            FailedNeedsLock(KeyOf(address));
            FailedNeedsLock(KeyOf(name));
        }
    }

    /// <summary>The right password was given: what came before was mistakes.</summary>
    public void Succeeded(IPAddress? address, string name)
    {
        lock (_gate)
        {
            _entries.Remove(KeyOf(address));
            _entries.Remove(KeyOf(name));
        }
    }

    /// <summary>Runs a comparison of hashes when its turn has come; null when too many wait already.</summary>
    public async Task<T?> HashAsync<T>(Func<T> compare, CancellationToken cancellation)
        where T : class
    {
        if (Interlocked.Increment(ref _waiting) > MostWaiting)
        {
            Interlocked.Decrement(ref _waiting);
            return null;
        }

        try
        {
            await _hashing.WaitAsync(cancellation);
            try
            {
                return await Task.Run(compare, cancellation);
            }
            finally
            {
                _hashing.Release();
            }
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    public void Dispose() => _hashing.Dispose();

    private static string KeyOf(IPAddress? address)
    {
        var bytes = (address ?? IPAddress.None).GetAddressBytes();
        return address is { AddressFamily: AddressFamily.InterNetworkV6, IsIPv4MappedToIPv6: false }
            ? "a" + Convert.ToHexString(bytes.AsSpan(0, 8)) : "a" + Convert.ToHexString(bytes);
    }

    private static string KeyOf(string name) => "n" + (name.Length > 64 ? name[..64] : name).ToUpperInvariant();

    private TimeSpan WaitNeedsLock(string key)
    {
        if (!_entries.TryGetValue(key, out var entry) || entry.Failures < Free)
        {
            return TimeSpan.Zero;
        }

        var penalty = TimeSpan.FromSeconds(Math.Min(_longest.TotalSeconds, Math.Pow(2, entry.Failures - Free)));
        var left = penalty - time.GetElapsedTime(entry.Last);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    private void FailedNeedsLock(string key)
    {
        var failures = _entries.TryGetValue(key, out var entry) && time.GetElapsedTime(entry.Last) < _forgotten
            ? entry.Failures : 0;
        if (_entries.Count >= MostEntries && !_entries.ContainsKey(key))
        {
            _entries.Remove(_entries.MinBy(pair => pair.Value.Last).Key);
        }

        _entries[key] = new Entry(Math.Min(failures + 1, 32), time.GetTimestamp());
    }
}
