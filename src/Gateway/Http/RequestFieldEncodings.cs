using System.Text;
using Microsoft.Net.Http.Headers;

namespace Gateway.Http;

/// <summary>How Kestrel reads the values of request fields.</summary>
internal static class RequestFieldEncodings
{
    private static readonly LengthEncoding _length = new();

    /// <summary>Whatever bytes a field has, the other side gets the same; but a length is a length.</summary>
    public static Encoding Of(string name) => name == HeaderNames.ContentLength ? _length : Encoding.Latin1;
}
