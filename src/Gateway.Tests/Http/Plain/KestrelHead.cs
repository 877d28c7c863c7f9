using System.Buffers;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core.Internal.Http;

namespace Gateway.Tests.Http.Plain;

/// <summary>The head of a request as Kestrel's own parser reads it; null where that refuses it or wants more.</summary>
/// <param name="StartLine">Method and target as they came, and the version in Kestrel's word.</param>
/// <param name="Fields">Names and values in order.</param>
internal sealed record KestrelHead(string StartLine, IReadOnlyList<(string Name, string Value)> Fields)
{
    public static KestrelHead? Read(byte[] bytes)
    {
        var handler = new Handler();
        var parser = new HttpParser<Handler>(showErrorDetails: false);
        var reader = new SequenceReader<byte>(new ReadOnlySequence<byte>(bytes));
        try
        {
            return parser.ParseRequestLine(handler, ref reader) && parser.ParseHeaders(handler, ref reader)
                ? new(handler.StartLine, handler.Fields)
                : null;
        }
        catch (BadHttpRequestException)
        {
            return null;
        }
    }

    private sealed class Handler : IHttpRequestLineHandler, IHttpHeadersHandler
    {
        public string StartLine { get; private set; } = "";

        public List<(string, string)> Fields { get; } = [];

        public void OnStartLine(HttpVersionAndMethod versionAndMethod, TargetOffsetPathLength targetPath, Span<byte> startLine) =>
            StartLine = $"{Encoding.Latin1.GetString(startLine)} {versionAndMethod.Version}";

        public void OnHeader(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) =>
            Fields.Add((Encoding.Latin1.GetString(name), Encoding.Latin1.GetString(value)));

        public void OnHeadersComplete(bool endStream)
        {
        }

        public void OnStaticIndexedHeader(int index) => throw new NotSupportedException("That is HTTP/2's.");

        public void OnStaticIndexedHeader(int index, ReadOnlySpan<byte> value) => throw new NotSupportedException("That is HTTP/2's.");
    }
}
