using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;
using Yarp.ReverseProxy.Forwarder;

namespace Gateway.Http.Forwarding;

/// <summary>Writes the head of a request as the destination is to see it.</summary>
/// <remarks>
/// What YARP with <see cref="ExactForwarding"/> sends: the target as the client wrote it, headers without those of the
/// hop, <c>X-Forwarded-*</c> anew. Framing is written from what the server made of it, never copied.
/// </remarks>
internal ref struct RequestHead
{
    private readonly UpstreamTarget _destination;
    private SendingWriter _writer;

    private RequestHead(Upstream upstream)
    {
        _destination = upstream.Target;
        _writer = new SendingWriter(upstream);
    }

    /// <summary>Writes the head to <see cref="Upstream.Sending"/>; returns its length.</summary>
    /// <param name="upstream">Where it is to be sent.</param>
    /// <param name="context">The client's request.</param>
    /// <param name="target">From <see cref="TargetOf"/>.</param>
    /// <param name="keepsHost">Whether the client's Host is passed on.</param>
    /// <param name="framing">How the body is framed.</param>
    public static int Write(Upstream upstream, HttpContext context, string target, bool keepsHost, BodyFraming framing)
    {
        var head = new RequestHead(upstream);
        head.WriteRequestLine(context.Request.Method, target);
        head.WriteHost(context.Request, keepsHost);
        head.WriteHeaders(context.Request);
        head.WriteForwarded(context);
        if (framing == BodyFraming.Chunked)
        {
            head._writer.Put("Transfer-Encoding: chunked\r\n"u8);
        }
        else if (framing == BodyFraming.Length || context.Request.ContentLength is not null || MustTellLength(context.Request.Method))
        {
            head._writer.Put("Content-Length: "u8);
            head._writer.Put(context.Request.ContentLength ?? 0);
            head._writer.Put("\r\n"u8);
        }

        head._writer.Put("\r\n"u8);
        return head._writer.Length;
    }

    /// <summary>The target to ask for, without the destination's own path before it; null when it is one for YARP.
    /// </summary>
    public static string? TargetOf(HttpContext context)
    {
        var raw = context.Features.Find<IHttpRequestFeature>()?.RawTarget;
        if (raw is ['/', ..] && !DotSegments.AreIn(raw))
        {
            return IsVisible(raw) ? raw : null;
        }

        var built = RequestUtilities.MakeDestinationAddress("http://a", context.Request.Path, context.Request.QueryString);
        return built.PathAndQuery;
    }

    private static bool IsVisible(ReadOnlySpan<char> target) => !target.ContainsAnyExceptInRange('!', '~');

    private static bool MustTellLength(string method) =>
        HttpMethods.IsPost(method) || HttpMethods.IsPut(method) || HttpMethods.IsPatch(method);

    private void WriteRequestLine(string method, string target)
    {
        _writer.Put(method);
        _writer.Put(" "u8);
        _writer.Put(_destination.BasePath);
        _writer.Put(target);
        _writer.Put(" HTTP/1.1\r\n"u8);
    }

    private void WriteHost(HttpRequest request, bool keepsHost)
    {
        _writer.Put("Host: "u8);
        if (keepsHost && request.Host.HasValue)
        {
            _writer.Put(request.Host.ToUriComponent());
        }
        else
        {
            _writer.Put(_destination.Host);
        }

        _writer.Put("\r\n"u8);
    }

    private void WriteHeaders(HttpRequest request)
    {
        var named = NamedInConnection(request.Headers.Connection);
        foreach (var (name, values) in request.Headers)
        {
            if (HopByHop.IsDropped(name) || IsWrittenHere(name) || !FieldLine.IsToken(name)
                || (named is not null && named.Contains(name)))
            {
                continue;
            }

            if (values.Count > 1 && name.Equals(HeaderNames.Cookie, StringComparison.OrdinalIgnoreCase))
            {
                // HTTP/2 splits it; in HTTP/1.1 there is one (RFC 9113, section 8.2.3).
                WriteHeader(name, string.Join("; ", values.ToArray()));
                continue;
            }

            for (var i = 0; i < values.Count; i++)
            {
                WriteHeader(name, values[i] ?? "");
            }
        }
    }

    private static bool IsWrittenHere(string name) => name.Length switch
    {
        4 => name.Equals(HeaderNames.Host, StringComparison.OrdinalIgnoreCase),
        14 => name.Equals(HeaderNames.ContentLength, StringComparison.OrdinalIgnoreCase),
        15 => name.Equals("X-Forwarded-For", StringComparison.OrdinalIgnoreCase),
        16 => name.Equals("X-Forwarded-Host", StringComparison.OrdinalIgnoreCase),
        17 => name.Equals("X-Forwarded-Proto", StringComparison.OrdinalIgnoreCase),
        18 => name.Equals("X-Forwarded-Prefix", StringComparison.OrdinalIgnoreCase),
        _ => name[0] == ':',
    };

    /// <summary>The headers that the client's Connection header names, but for the usual words; null when there are none.
    /// </summary>
    private static HashSet<string>? NamedInConnection(StringValues connection)
    {
        HashSet<string>? named = null;
        foreach (var value in connection)
        {
            if (value is null || IsUsual(value))
            {
                continue;
            }

            foreach (var name in value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            {
                if (!IsUsual(name))
                {
                    (named ??= new HashSet<string>(StringComparer.OrdinalIgnoreCase)).Add(name);
                }
            }
        }

        return named;
    }

    private static bool IsUsual(string value) =>
        value.Equals("keep-alive", StringComparison.OrdinalIgnoreCase)
        || value.Equals("close", StringComparison.OrdinalIgnoreCase)
        || value.Equals("upgrade", StringComparison.OrdinalIgnoreCase);

    private void WriteForwarded(HttpContext context)
    {
        if (context.Connection.RemoteIpAddress is { } remote)
        {
            _writer.Put("X-Forwarded-For: "u8);
            _writer.Put(remote);
            _writer.Put("\r\n"u8);
        }

        if (context.Request.Host.HasValue)
        {
            WriteHeader("X-Forwarded-Host", context.Request.Host.ToUriComponent());
        }

        WriteHeader("X-Forwarded-Proto", context.Request.Scheme);
        if (context.Request.PathBase.HasValue)
        {
            WriteHeader("X-Forwarded-Prefix", context.Request.PathBase.ToUriComponent());
        }
    }

    private void WriteHeader(string name, string value)
    {
        if (value.AsSpan().ContainsAny('\r', '\n', '\0'))
        {
            // Whoever put it there meant to write more than a value.
            return;
        }

        _writer.PutField(name, value);
    }
}

/// <summary>How the body of a request is framed on the way to the destination.</summary>
internal enum BodyFraming
{
    /// <summary>There is no body.</summary>
    None,

    /// <summary>The client said how long it is.</summary>
    Length,

    /// <summary>Nobody knows how long it will be.</summary>
    Chunked,
}
