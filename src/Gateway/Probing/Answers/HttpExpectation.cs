using System.Globalization;
using System.Security.Cryptography;
using Gateway.Clusters;

namespace Gateway.Probing.Answers;

/// <summary>What an HTTP answer must be like: its status, and, if asked for, its body.</summary>
internal sealed class HttpExpectation
{
    /// <summary>The largest body that is read for its hash.</summary>
    private const int HashedBytes = 1024 * 1024;

    private readonly StatusSet _status;
    private readonly StatusSet? _leaving;
    private readonly Expectation? _body;
    private readonly byte[]? _hash;

    /// <exception cref="FormatException">A status set or the hash is none; configuration that was validated never has such a
    /// one.</exception>
    public HttpExpectation(ProbeOptions options)
    {
        _status = StatusSet.Parse(options.Status);
        _leaving = options.DrainStatus.Length == 0 ? null : StatusSet.Parse(options.DrainStatus);
        _body = options.Body.Length == 0 ? null
            : options.Regex ? Expectation.Matching(options.Body)
            : Expectation.Containing(options.Body);
        _hash = options.BodySha256.Length == 0 ? null : Convert.FromHexString(options.BodySha256);
    }

    /// <summary>Judges the status; null means that the body decides.</summary>
    public ProbeResult? Judge(int status)
    {
        if (_leaving?.Contains(status) == true)
        {
            return new ProbeResult(ProbeOutcome.Leaving, Text(status));
        }

        return !_status.Contains(status) ? new ProbeResult(ProbeOutcome.UnexpectedStatus, Text(status))
            : _body is null && _hash is null ? new ProbeResult(ProbeOutcome.Passed)
            : null;
    }

    /// <summary>Reads and judges the body.</summary>
    public async Task<ProbeResult> JudgeAsync(Stream body, CancellationToken deadline)
    {
        if (_hash is not null)
        {
            return await JudgeHashAsync(body, _hash, deadline);
        }

        var result = await Answer.ReadAsync(body, _body!, deadline);
        return result.Outcome is ProbeOutcome.UnexpectedAnswer or ProbeOutcome.Closed
            ? result with { Outcome = ProbeOutcome.UnexpectedBody }
            : result;
    }

    private static async Task<ProbeResult> JudgeHashAsync(Stream body, byte[] wanted, CancellationToken deadline)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var piece = new byte[8192];
        var total = 0;
        while (await body.ReadAsync(piece, deadline) is > 0 and var length)
        {
            total += length;
            if (total > HashedBytes)
            {
                return new ProbeResult(ProbeOutcome.UnexpectedBody, "more than 1 MiB");
            }

            hash.AppendData(piece, 0, length);
        }

        var found = hash.GetHashAndReset();
        return found.AsSpan().SequenceEqual(wanted)
            ? new ProbeResult(ProbeOutcome.Passed)
            : new ProbeResult(ProbeOutcome.UnexpectedBody, $"SHA-256 {Convert.ToHexStringLower(found)}");
    }

    private static string Text(int status) => status.ToString(CultureInfo.InvariantCulture);
}
