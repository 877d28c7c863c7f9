using System.Net;
using Gateway.Management.Events;

namespace Gateway.Management.Access;

/// <summary>Writes a line for everything somebody changed, and for every attempt that was refused.</summary>
/// <remarks>Refusals cost an attacker nothing, so no more than <see cref="MostRefusals"/> a second are written; the next line
/// tells how many were not.</remarks>
internal sealed partial class Audit(EventLog events, TimeProvider time, ILogger<Audit> logger)
{
    public const int MostRefusals = 20;

    private readonly Lock _gate = new();
    private long _second;
    private int _written;
    private int _omitted;

    /// <summary>Notes a change.</summary>
    /// <param name="context">The request that made it.</param>
    /// <param name="what">What was done, with its outcome.</param>
    /// <param name="before">What was before; empty when that says nothing.</param>
    /// <param name="after">What is now.</param>
    /// <param name="cluster">The cluster it is about, if any.</param>
    /// <param name="destination">The destination it is about, if any.</param>
    /// <param name="kind">Kind of the event.</param>
    public GatewayEvent Changed(
        HttpContext context, string what, string before, string after, string? cluster = null, string? destination = null,
        string kind = "action")
    {
        var who = Caller.Of(context)?.Name ?? "nobody";
        var from = From(context);
        var text = before.Length + after.Length == 0 ? what : $"{what}: {before} → {after}";
        LogAccess(who, from, text);
        return events.Add(kind, text, cluster, destination, who, from);
    }

    /// <summary>Notes a login, a logout and the like.</summary>
    public void Access(HttpContext context, string who, string what)
    {
        LogAccess(who, From(context), what);
        events.Add("access", what, who: who, from: From(context));
    }

    /// <summary>Notes an attempt that was refused.</summary>
    public void Refused(HttpContext context, int status, string why)
    {
        int omitted;
        lock (_gate)
        {
            var second = time.GetUtcNow().ToUnixTimeSeconds();
            _written = second == _second ? _written + 1 : 1;
            _second = second;
            if (_written > MostRefusals)
            {
                _omitted++;
                return;
            }

            (omitted, _omitted) = (_omitted, 0);
        }

        var who = Caller.Of(context)?.Name ?? "nobody";
        var request = context.Request;
        var path = request.Path.Value is { Length: > 200 } longer ? longer[..200] : request.Path.Value ?? "";
        LogRefused(who, From(context), request.Method, path, status, why);
        if (omitted > 0)
        {
            LogOmitted(omitted);
        }

        events.Add("access", $"refused {request.Method} {path} with {status}: {why}", who: who, from: From(context));
    }

    private static string From(HttpContext context) => Plain(context.Connection.RemoteIpAddress).ToString();

    private static IPAddress Plain(IPAddress? address) =>
        address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address ?? IPAddress.None;

    [LoggerMessage(LogLevel.Information, "{Who} from {From}: {What}")]
    private partial void LogAccess(string who, string from, string what);

    [LoggerMessage(LogLevel.Warning, "{Who} from {From}: refused {Method} {Path} with {Status}: {Why}")]
    private partial void LogRefused(string who, string from, string method, string path, int status, string why);

    [LoggerMessage(LogLevel.Warning, "{Count} more refusals were not written.")]
    private partial void LogOmitted(int count);
}
