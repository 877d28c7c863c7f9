using System.Text;
using Gateway.Http.Forwarding;
using Microsoft.Net.Http.Headers;

namespace Gateway.Http.Plain;

/// <summary>What the fields of a request mean to the plain lane.</summary>
internal static class PlainField
{
    // By length, of which no more than three share one.
    private static readonly Special[][] _special = ByLength();

    /// <summary>The kind of a field.</summary>
    /// <param name="name">Its name, of token characters.</param>
    public static PlainFieldKind KindOf(ReadOnlySpan<byte> name)
    {
        foreach (var special in name.Length < _special.Length ? _special[name.Length] : [])
        {
            if (Ascii.EqualsIgnoreCase(name, special.Name))
            {
                return special.Kind;
            }
        }

        return PlainFieldKind.Ordinary;
    }

    private static Special[][] ByLength()
    {
        List<Special> all =
        [
            new(HeaderNames.Host, PlainFieldKind.Host),
            new(HeaderNames.ContentLength, PlainFieldKind.ContentLength),
            new(HeaderNames.Connection, PlainFieldKind.Connection),
            new(HeaderNames.Cookie, PlainFieldKind.Cookie),
            new(HeaderNames.ContentType, PlainFieldKind.ContentType),
            new("X-Forwarded-For", PlainFieldKind.Dropped),
            new("X-Forwarded-Host", PlainFieldKind.Dropped),
            new("X-Forwarded-Proto", PlainFieldKind.Dropped),
            new("X-Forwarded-Prefix", PlainFieldKind.Dropped),
            new(HeaderNames.Expect, PlainFieldKind.NotPlain),
            new(HeaderNames.Trailer, PlainFieldKind.NotPlain),
            new(HeaderNames.UpgradeInsecureRequests, PlainFieldKind.Dropped),
            .. HopByHop.Names
                .Where(name => name != HeaderNames.Connection && name != HeaderNames.UpgradeInsecureRequests)
                .Select(name => new Special(name, PlainFieldKind.NotPlain)),
        ];
        var byLength = new Special[all.Max(special => special.Name.Length) + 1][];
        for (var length = 0; length < byLength.Length; length++)
        {
            byLength[length] = [.. all.Where(special => special.Name.Length == length)];
        }

        return byLength;
    }

    private sealed class Special(string name, PlainFieldKind kind)
    {
        public byte[] Name { get; } = Encoding.ASCII.GetBytes(name);

        public PlainFieldKind Kind => kind;
    }
}

/// <summary>What a field of a request means to the plain lane.</summary>
internal enum PlainFieldKind
{
    /// <summary>It is passed on as it is.</summary>
    Ordinary,

    /// <summary>It is not passed on.</summary>
    Dropped,

    /// <summary>Which host is meant.</summary>
    Host,

    /// <summary>How long the body is.</summary>
    ContentLength,

    /// <summary>Whether the connection is used again.</summary>
    Connection,

    /// <summary>May hold what is nobody's business.</summary>
    Cookie,

    /// <summary>May ask for gRPC.</summary>
    ContentType,

    /// <summary>Kestrel must read the request.</summary>
    NotPlain,
}
