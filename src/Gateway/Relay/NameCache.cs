using System.Net;
using System.Net.Sockets;

namespace Gateway.Relay;

/// <summary>Looks up the names of destinations, once for all connections of the next few seconds. All members may be
/// called from any thread.</summary>
/// <param name="time">The clock.</param>
/// <param name="lookUp">Asks the system; null is <see cref="Dns.GetHostAddressesAsync(string)"/>.</param>
internal sealed class NameCache(TimeProvider time, Func<string, Task<IPAddress[]>>? lookUp = null)
{
    // Long enough that a burst of connections asks once, short enough that a changed record is followed at once.
    private static readonly TimeSpan _kept = TimeSpan.FromSeconds(5);

    // Names come from the configuration; this bounds what many reloads leave behind.
    private const int MostNames = 1024;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, (Task<IPAddress[]> Answer, long Asked)> _names =
        new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The addresses of a name; none when it has none or cannot be looked up. Does not throw.</summary>
    public Task<IPAddress[]> ResolveAsync(string name)
    {
        lock (_gate)
        {
            var now = time.GetTimestamp();
            if (_names.TryGetValue(name, out var known)
                && (!known.Answer.IsCompleted || time.GetElapsedTime(known.Asked, now) < _kept))
            {
                return known.Answer;
            }

            if (_names.Count >= MostNames)
            {
                _names.Clear();
            }

            var answer = AskAsync(name);
            _names[name] = (answer, now);
            return answer;
        }
    }

    private async Task<IPAddress[]> AskAsync(string name)
    {
        try
        {
            return await (lookUp ?? Dns.GetHostAddressesAsync)(name);
        }
        catch (Exception e) when (e is SocketException or ArgumentException)
        {
            // An unknown name is a destination without addresses.
            return [];
        }
    }
}
