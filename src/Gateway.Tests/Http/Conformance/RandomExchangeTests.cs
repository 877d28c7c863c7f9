using System.Globalization;
using System.Text;

namespace Gateway.Tests.Http.Conformance;

/// <summary>Random exchanges on many connections at once, compared byte for byte with what a proxy must make of them.
/// </summary>
public sealed class RandomExchangeTests(ConformanceRig rig) : IClassFixture<ConformanceRig>
{
    private const int Clients = 10;
    private const int ExchangesEach = 250;

    private static readonly string[] _methods = ["GET", "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "PURGE"];
    private static readonly int[] _statuses = [200, 200, 200, 201, 206, 301, 400, 404, 500, 503];

    public static IEnumerable<object[]> Stacks => HttpVariant.With("").Select(row => new[] { row[0] });

    [Theory]
    [MemberData(nameof(Stacks))]
    public async Task Exchanges_AreWhatTheModelSays(HttpVariant stack) =>
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(seed => RunClientAsync(stack, new Random(seed), seed)));

    private async Task RunClientAsync(HttpVariant stack, Random random, int seed)
    {
        var client = await rig.ConnectAsync(stack);
        for (var i = 0; i < ExchangesEach; i++)
        {
            var exchange = new Exchange(random, rig.NewPath());
            var script = rig.Destination.On(exchange.Path, exchange.AnswerPieces(random));
            script.Closes = exchange.DestinationCloses;

            foreach (var piece in Cut(random, exchange.RequestBytes()))
            {
                await client.SendAsync(piece);
            }

            var answer = await client.Reader.ReadAnswerAsync(exchange.Method);

            var what = $"seed {seed}, exchange {i}: {exchange}; {answer.StartLine} {answer.Body.Length} {string.Join(';', answer.Fields)}"
                + $" to {string.Join(';', exchange.AnswerFields)}";
            Assert.True(exchange.Status == answer.Status, what);
            Assert.True(exchange.ClientSees.AsSpan().SequenceEqual(answer.Body), what);
            Assert.True(exchange.AnswerFields.All(field => answer[field.Name] == field.Value), what);
            var request = script.Request;
            Assert.True(request.StartLine == $"{exchange.Method} {exchange.Target} HTTP/1.1", what);
            Assert.True(exchange.RequestBody.AsSpan().SequenceEqual(request.Body), what);
            Assert.True(exchange.RequestFields.All(field => request[field.Name] == field.Value), what);
            if (random.Next(10) == 0)
            {
                client.Dispose();
                client = await rig.ConnectAsync(stack);
            }
        }

        client.Dispose();
    }

    private static IEnumerable<byte[]> Cut(Random random, byte[] bytes)
    {
        for (var at = 0; at < bytes.Length;)
        {
            var length = random.Next(3) > 0 ? bytes.Length - at : random.Next(1, bytes.Length - at + 1);
            yield return bytes[at..(at + length)];
            at += length;
        }
    }

    /// <summary>A request, the answer to it, and what either side must see.</summary>
    private sealed class Exchange
    {
        private readonly int _framing;
        private readonly bool _isRequestChunked;
        private readonly byte[] _answerBody;

        public Exchange(Random random, string path)
        {
            Path = path;
            Method = _methods[random.Next(_methods.Length)];
            Status = random.Next(12) switch { 0 => 204, 1 => 304, _ => _statuses[random.Next(_statuses.Length)] };
            Target = path + (random.Next(2) == 0 ? "" : $"?a=%2{random.Next(10)}&b={random.Next()}");
            RequestBody = Method is "POST" or "PUT" or "PATCH" ? Bytes(random) : [];
            _isRequestChunked = RequestBody.Length > 0 && random.Next(2) == 0;
            RequestFields = Fields(random, "X-Q");
            AnswerFields = Fields(random, "X-A");
            _answerBody = Bytes(random);
            _framing = random.Next(8);
            DestinationCloses = _framing == 0;
        }

        public string Path { get; }

        public string Method { get; }

        public string Target { get; }

        public int Status { get; }

        public byte[] RequestBody { get; }

        public (string Name, string Value)[] RequestFields { get; }

        public (string Name, string Value)[] AnswerFields { get; }

        public bool DestinationCloses { get; }

        public byte[] ClientSees => HasBody ? _answerBody : [];

        private bool HasBody => Method != "HEAD" && Status is not (204 or 304);

        public byte[] RequestBytes()
        {
            var framing = _isRequestChunked ? "Transfer-Encoding: chunked\r\n"
                : RequestBody.Length > 0 || Method is "POST" or "PUT" or "PATCH" ? $"Content-Length: {RequestBody.Length}\r\n" : "";
            return
            [
                .. Encoding.Latin1.GetBytes($"{Method} {Target} HTTP/1.1\r\nHost: a\r\n{Text(RequestFields)}{framing}\r\n"),
                .. _isRequestChunked ? Chunked(RequestBody) : RequestBody,
            ];
        }

        public byte[][] AnswerPieces(Random random)
        {
            var framing = DestinationCloses ? "Connection: close\r\n"
                : !HasBody ? (Status == 204 || random.Next(2) == 0 ? "" : "Content-Length: 77\r\n")
                : _framing < 4 ? "Transfer-Encoding: chunked\r\n"
                : $"Content-Length: {_answerBody.Length}\r\n";
            byte[] all =
            [
                .. Encoding.Latin1.GetBytes($"HTTP/1.1 {Status} Words\r\n{framing}{Text(AnswerFields)}\r\n"),
                .. !HasBody ? [] : _framing is > 0 and < 4 ? Chunked(_answerBody) : _answerBody,
            ];
            return [.. Cut(random, all)];
        }

        public override string ToString() => $"{Method} {Target} {RequestBody.Length} -> {Status} {_answerBody.Length} framing {_framing}";

        private static byte[] Bytes(Random random)
        {
            var bytes = new byte[random.Next(6) switch { 0 => 0, 1 => 1, 2 => random.Next(40_000), _ => random.Next(600) }];
            random.NextBytes(bytes);
            return bytes;
        }

        private static (string, string)[] Fields(Random random, string prefix) =>
        [
            .. Enumerable.Range(0, random.Next(6)).Select(i => ($"{prefix}-{i}", new string(
                [.. Enumerable.Range(0, random.Next(60)).Select(_ => (char)random.Next('!', '~'))]))),
        ];

        private static string Text((string Name, string Value)[] fields) =>
            string.Concat(fields.Select(field => $"{field.Name}: {field.Value}\r\n"));

        private static byte[] Chunked(byte[] body) =>
        [
            .. body.Chunk(Math.Max(1, body.Length / 3)).SelectMany(piece =>
                (byte[])[.. Encoding.ASCII.GetBytes(piece.Length.ToString("x", CultureInfo.InvariantCulture)), 13, 10, .. piece, 13, 10]),
            .. "0\r\n\r\n"u8,
        ];
    }
}
